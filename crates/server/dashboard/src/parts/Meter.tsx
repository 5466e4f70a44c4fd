// How much of a limit is taken.

import type { ComponentChildren, JSX } from "preact";
import { Sign, type Tone } from "./Sign";

/** From this share on a limit is worth a look; the health check of the pool says the same. */
const NEARLY = 0.8;

interface MeterProps {
  label: string;
  used: number | null;
  limit: number | null;
  /** What is held without being used, such as idle connections. */
  held?: number | null;
  /** What stands behind `2 of 8`. */
  detail?: ComponentChildren;
  /** Trouble that the share alone does not show, such as a queue. */
  isOver?: boolean;
  /** For what is left rather than what is taken: there little is the trouble. */
  isRest?: boolean;
}

export function Meter(props: MeterProps): JSX.Element {
  const { label, used, limit, held, detail } = props;
  const share = used !== null && limit ? Math.min(1, used / limit) : 0;
  const tone = toneOf(props, share);
  const text = used === null ? "no value" : `${round(used)} of ${limit === null ? "?" : round(limit)}`;
  return (
    <div class={`meter ${tone}`}>
      <div class="meter-head">
        <span class="meter-label">{label}</span>
        <span class="meter-text">
          {tone !== "good" && <Sign tone={tone} />}
          <b>{text}</b>
          {detail}
        </span>
      </div>
      <div
        class="meter-bar"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={limit ?? 1}
        aria-valuenow={Math.min(used ?? 0, limit ?? 1)}
        aria-valuetext={text}
      >
        <span class="meter-used" style={{ width: `${share * 100}%` }} />
        {!!held && !!limit && <span class="meter-held" style={{ width: `${(held / limit) * 100}%` }} />}
      </div>
    </div>
  );
}

function toneOf({ used, isOver, isRest }: MeterProps, share: number): Tone {
  if (used === null) return "quiet";
  if (isOver) return "bad";
  const taken = isRest ? 1 - share : share;
  return taken >= NEARLY ? "warn" : "good";
}

function round(value: number): string {
  return String(Math.round(value));
}
