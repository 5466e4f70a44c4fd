// A number with its unit, the unit quieter than the number.

import type { JSX } from "preact";
import { NOTHING } from "../text/numbers";

/** Shows `9.1 ms`; a value that nobody observed says so to those who listen. */
export function Figure({ text }: { text: string }): JSX.Element {
  if (text === NOTHING) {
    return (
      <span class="figure none">
        <span aria-hidden="true">{NOTHING}</span>
        <span class="unseen">no value</span>
      </span>
    );
  }
  const cut = text.indexOf(" ");
  // Of two units, as in `6 min 40 s`, neither is quieter.
  if (cut < 0 || /\d/.test(text.slice(cut))) return <span class="figure">{text}</span>;
  return (
    <span class="figure">
      {text.slice(0, cut)}
      <span class="unit">{`\u00a0${text.slice(cut + 1)}`}</span>
    </span>
  );
}
