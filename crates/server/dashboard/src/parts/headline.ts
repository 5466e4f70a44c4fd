// How a server is, in one sign and one word: its health, and the circuits that are held. A circuit that an operator
// forced open refuses calls while all that is looked at is up. One that is half open is no news here: of a database
// that nobody calls it stays so, and harms nobody.

import type { Snapshot } from "../contract/types";
import { circuitTone } from "./Circuit";
import { TONES, type Tone } from "./Sign";

const ORDER: Tone[] = ["quiet", "good", "warn", "unsure", "bad"];

/** The databases whose circuits are in a state. */
export interface Circuits {
  state: string;
  tone: Tone;
  names: string[];
}

/** Returns the circuits that are neither closed nor half open, by their states, the worst first. */
export function heldCircuits({ databases }: Snapshot): Circuits[] {
  const found = new Map<string, Circuits>();
  for (const { name, circuit } of databases) {
    const { state } = circuit;
    const tone = circuitTone(state);
    if (tone === "good" || state === "half-open" || state === "") continue;
    const known = found.get(state);
    if (known) known.names.push(name);
    else found.set(state, { state, tone, names: [name] });
  }
  return [...found.values()].sort((one, other) => ORDER.indexOf(other.tone) - ORDER.indexOf(one.tone));
}

/** Returns the worst of health and circuits, in a word. */
export function headlineOf(snapshot: Snapshot): { tone: Tone; word: string } {
  const { status } = snapshot.health;
  const [worst] = heldCircuits(snapshot);
  const tone = TONES[status];
  if (!worst || ORDER.indexOf(worst.tone) <= ORDER.indexOf(tone)) return { tone, word: status };
  return { tone: worst.tone, word: status === "up" ? `circuit ${worst.state}` : status };
}

/** Returns `circuit open: sales, catalog`, of many databases how many. */
export function circuitsText({ state, names }: Circuits): string {
  return `circuit ${state}: ${names.length > 3 ? `${names.length} databases` : names.join(", ")}`;
}
