// The circuit of a logical database: its state, since when, and why.

import type { JSX } from "preact";
import type { Database } from "../contract/types";
import { span } from "../text/times";
import { Mark, type Tone } from "./Sign";

/** States with what they mean for calls; a state that this page does not know is shown as it is. */
const STATES: Record<string, { tone: Tone; meaning: string }> = {
  closed: { tone: "good", meaning: "calls pass" },
  "half-open": { tone: "warn", meaning: "probes pass, others are refused" },
  open: { tone: "bad", meaning: "calls are refused" },
  "forced-open": { tone: "bad", meaning: "calls are refused, as an operator asked" },
  disabled: { tone: "warn", meaning: "all calls pass, as an operator asked" },
};

const NEVER_HEARD_OF = { tone: "unsure" as Tone, meaning: "" };

/** Returns how good a state is. */
export function circuitTone(state: string): Tone {
  return (STATES[state] ?? NEVER_HEARD_OF).tone;
}

/** Returns whether its circuit refuses calls. */
export function isRefusing({ circuit }: Database): boolean {
  return ["open", "forced-open", "half-open"].includes(circuit.state);
}

export function Circuit({ circuit }: { circuit: Database["circuit"] }): JSX.Element {
  const { state, reason, sinceSeconds } = circuit;
  const { tone, meaning } = STATES[state] ?? NEVER_HEARD_OF;
  return (
    <div class={`gauge circuit ${tone}`}>
      <div class="meter-head">
        <span class="meter-label">Circuit</span>
        <span class="meter-text">
          <Mark tone={tone} word={state} />
          {sinceSeconds !== null && <span class="since">for {span(sinceSeconds)}</span>}
        </span>
      </div>
      <p class="gauge-note">{[meaning, reason].filter(Boolean).join(" · ")}</p>
    </div>
  );
}
