// Ranges and ticks: as few as tell the size of a value, at numbers that one can say.

import { LENGTHS } from "./steps";

/** Latencies below are drawn as this: a logarithm has no zero. */
export const LEAST_MS = 0.01;

/** Returns begin and end of the time axis for points between `first` and `last`, in seconds. */
export function timeRange(first: number, last: number): [number, number] {
  const { length } = LENGTHS.find((one) => last - first <= one.length) ?? LENGTHS[2];
  return [last - length, last];
}

/** Returns whole minutes, some four of them, within the range; none at its end, where a label would be cut. */
export function minutes([from, until]: [number, number]): number[] {
  const step = Math.max(30, Math.ceil((until - from) / 5 / 60) * 60);
  const ticks: number[] = [];
  const last = until - (until - from) * 0.05;
  for (let at = Math.ceil(from / step) * step; at <= last; at += step) ticks.push(at);
  return ticks;
}

/** Returns whole decades around all values, at least two. */
export function decades(least: number | null, most: number | null): [number, number] {
  const low = 10 ** Math.floor(Math.log10(Math.max(LEAST_MS, least ?? 1)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(LEAST_MS, most ?? 10)));
  return [low, Math.max(high, low * 100)];
}

/** Returns the powers of ten within the range, ends included. */
export function powers([low, high]: [number, number]): number[] {
  const ticks: number[] = [];
  for (let power = Math.round(Math.log10(low)); power <= Math.round(Math.log10(high)); power += 1) {
    ticks.push(10 ** power);
  }
  return ticks;
}

/** Returns zero to a round number above the highest value. */
export function fromZero(most: number | null): [number, number] {
  const high = Math.max(1, most ?? 0);
  const step = roundStep(high / 3);
  return [0, Math.ceil((high * 1.05) / step) * step];
}

/** Returns three or four round numbers from zero on. */
export function roundTicks([, high]: [number, number]): number[] {
  const step = roundStep(high / 3.2);
  const ticks: number[] = [];
  for (let at = 0; at <= high + step / 100; at += step) ticks.push(at);
  return ticks;
}

function roundStep(about: number): number {
  const power = 10 ** Math.floor(Math.log10(about));
  const lead = about / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}
