// Which key leads to which point of a chart.

const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageUp: 12,
  PageDown: -12,
  Home: -Infinity,
  End: Infinity,
};

/** Returns the next index, null for the newest as it goes on, undefined for a key of no meaning here. */
export function moved(key: string, index: number, length: number): number | null | undefined {
  if (key === "Escape") return null;
  const step = STEPS[key];
  if (step === undefined) return undefined;
  const last = length - 1;
  const from = index < 0 ? last : index;
  return Math.min(last, Math.max(0, from + step));
}
