// Numbers as a tired person reads them: few digits, a unit, and a dash where nothing is known.

/** What stands for a value that nobody observed. */
export const NOTHING = "–";

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Returns the number with about two digits that matter: 0.84, 9.1, 31, 12,400; whole ones whole. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value)) return grouped.format(value);
  if (size < 0.005) return value < 0 ? "0" : "<0.01";
  if (size < 0.995) return value.toFixed(2);
  if (size < 9.95) return value.toFixed(1);
  return grouped.format(value);
}

/** Returns a latency, in ms below a second, else in s. */
export function latency(ms: number | null): string {
  if (ms === null) return NOTHING;
  return ms < 999.5 ? `${figure(ms)} ms` : `${figure(ms / 1000)} s`;
}

/** Returns a share of one in percent. */
export function percent(share: number | null): string {
  return share === null ? NOTHING : `${figure(share * 100)} %`;
}

/** Returns a rate, its unit left to the heading. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return NOTHING;
  if (perSecond === 0) return "0";
  if (perSecond < 0.05) return "<0.1";
  return perSecond < 9.95 ? perSecond.toFixed(1) : grouped.format(perSecond);
}

/** Returns a count with its thousands apart. */
export function count(value: number | null): string {
  return value === null ? NOTHING : grouped.format(value);
}

/** Returns a size in MB, as `du` counts them. */
export function megabytes(bytes: number | null): string {
  return bytes === null ? NOTHING : `${figure(bytes / 1_000_000)} MB`;
}

/** Returns an observed value with the unit that the server gave. */
export function measured(value: number | null, unit: string): string {
  if (value === null) return NOTHING;
  if (unit === "ms") return latency(value);
  return unit === "" ? figure(value) : `${figure(value)} ${unit}`;
}

/** Returns `one` or `many` behind the number. */
export function counted(value: number, one: string, many: string): string {
  return `${grouped.format(value)} ${value === 1 ? one : many}`;
}
