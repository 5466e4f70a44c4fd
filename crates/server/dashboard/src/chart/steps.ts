// Seconds joined into steps, so that a quarter of an hour reads as a line and not as a hedge.
//
// The worst of a step stands for it where the worst matters: a single slow second is still seen.

import type { Point } from "../contract/types";
import { LENGTH_SECONDS } from "../feed/history";

/** Columns, as the charts want them, oldest first; null where nothing is known. */
export interface Series {
  /** Seconds between two points. */
  step: number;
  /** Seconds since 1970, the begin of each step. */
  at: number[];
  perSecond: (number | null)[];
  errorsPerSecond: (number | null)[];
  p50Ms: (number | null)[];
  p99Ms: (number | null)[];
}

export type Column = Exclude<keyof Series, "at" | "step">;

/** Lengths of the time axis in seconds, each with its step. A server that has just started does not
 *  show an empty quarter of an hour; two seconds, since points a second apart may miss one. */
export const LENGTHS = [
  { length: 120, step: 2 },
  { length: 300, step: 2 },
  { length: LENGTH_SECONDS, step: 5 },
] as const;

const JOINED: Record<Column, (values: number[]) => number> = {
  perSecond: mean,
  errorsPerSecond: mean,
  p50Ms: mean,
  p99Ms: (values) => Math.max(...values),
};

/** Returns the points in steps; a step without any is null, so that lines break there. */
export function inSteps(points: Point[]): Series {
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? 0;
  const { step } = LENGTHS.find(({ length }) => last - first <= length) ?? LENGTHS[2];
  const series: Series = { step, at: [], perSecond: [], errorsPerSecond: [], p50Ms: [], p99Ms: [] };
  const joined = new Map<number, Point[]>();
  for (const point of points) {
    const at = Math.floor(point.at / step) * step;
    joined.set(at, [...(joined.get(at) ?? []), point]);
  }
  if (points.length === 0) return series;
  for (let at = Math.floor(first / step) * step; at <= last; at += step) push(series, at, joined.get(at) ?? []);
  return series;
}

function push(series: Series, at: number, points: Point[]): void {
  series.at.push(at);
  for (const column of Object.keys(JOINED) as Column[]) {
    const values = points.map((point) => point[column]).filter((value) => value !== null);
    series[column].push(values.length === 0 ? null : JOINED[column](values));
  }
}

function mean(values: number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}
