// What a chart shows, in words: for those who do not see it.

import { clock, span } from "../text/times";
import type { Kind, Line } from "./kinds";
import type { Series } from "./steps";

/** Returns the index of the point nearest to `at`, or -1 where there are none. */
export function nearest(series: Series, at: number): number {
  let best = -1;
  for (let index = 0; index < series.at.length; index += 1) {
    const distance = Math.abs((series.at[index] ?? 0) - at);
    if (best < 0 || distance < Math.abs((series.at[best] ?? 0) - at)) best = index;
  }
  return best;
}

/** Returns the values of one moment: `19:40:12: p99 9.1 ms, p50 0.84 ms`. */
export function momentText(kind: Kind, series: Series, index: number): string {
  const values = kind.lines.map(({ column, label }) => `${label} ${kind.read(series[column][index] ?? null)}`);
  return `${clock((series.at[index] ?? 0) * 1000)}: ${values.join(", ")}`;
}

/** Returns range and newest value of each line. */
export function summary(kind: Kind, series: Series): string {
  const [first, last] = [series.at[0], series.at.at(-1)];
  if (first === undefined || last === undefined) return "No figures yet.";
  const lines = kind.lines.map((line) => lineText(kind, line, series));
  return `The last ${span(last - first)}. ${lines.join(" ")}`;
}

function lineText(kind: Kind, { column, label }: Line, series: Series): string {
  const values = series[column];
  let least = Infinity;
  let most = -Infinity;
  let mostAt = 0;
  let known = 0;
  values.forEach((value, index) => {
    if (value === null) return;
    known += 1;
    least = Math.min(least, value);
    if (value <= most) return;
    most = value;
    mostAt = series.at[index] ?? 0;
  });
  if (known === 0) return `${label}: no value.`;
  const newest = kind.read(values.at(-1) ?? null);
  const missing = (values.length - known) * series.step;
  const gaps = missing > 0 ? `, none in ${span(missing)}` : "";
  return `${label}: now ${newest}, between ${kind.read(least)} and ${kind.read(most)}, highest at ${clock(mostAt * 1000)}${gaps}.`;
}
