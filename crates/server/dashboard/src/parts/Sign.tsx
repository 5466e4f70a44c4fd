// Status as shape, word and colour: any one of them is enough to tell it.

import type { JSX } from "preact";
import type { Status } from "../contract/types";

export type Tone = "good" | "warn" | "bad" | "unsure" | "quiet";

export const TONES: Record<Status, Tone> = {
  up: "good",
  degraded: "warn",
  down: "bad",
  unknown: "unsure",
  unsupported: "quiet",
};

/** One path per tone, on a field of 16. They are as well the picture of the page's tab (tab.ts). */
export const SHAPES: Record<Tone, { outline: string; mark: string; dash?: string }> = {
  good: { outline: "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z", mark: "M5 8.3l2.1 2.1 4-4.4" },
  warn: { outline: "M8 1.8L15 14H1z", mark: "M8 6.2v3.6M8 11.7v.6" },
  bad: { outline: "M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z", mark: "M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" },
  unsure: {
    outline: "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z",
    mark: "M6.2 6.4a1.8 1.8 0 1 1 2.7 1.6c-.6.3-.9.7-.9 1.3M8 11.4v.5",
    dash: "2.2 1.9",
  },
  quiet: { outline: "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z", mark: "M5 8h6" },
};

/** The shape alone; a word stands beside it. */
export function Sign({ tone }: { tone: Tone }): JSX.Element {
  const { outline, mark, dash } = SHAPES[tone];
  return (
    <svg class={`sign ${tone}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path class="sign-outline" d={outline} strokeDasharray={dash} />
      <path class="sign-mark" d={mark} />
    </svg>
  );
}

/** Shape and word. */
export function StatusMark({ status, word = status }: { status: Status; word?: string }): JSX.Element {
  return <Mark tone={TONES[status]} word={word} />;
}

/** Shape and a word that is no status. */
export function Mark({ tone, word }: { tone: Tone; word: string }): JSX.Element {
  return (
    <span class={`mark ${tone}`}>
      <Sign tone={tone} />
      <span>{word}</span>
    </span>
  );
}
