// Pauses between attempts, which grow, are never equal on two pages, and can be cut short.

const SHORTEST_MS = 1_000;
const LONGEST_MS = 15_000;

/** Returns the pause in milliseconds after so many failures in a row, at least one. */
export function pauseAfter(failures: number, random: () => number = Math.random): number {
  const grown = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** (failures - 1));
  // A server that comes back must not meet all its pages in the same moment.
  return Math.round(grown * (0.8 + 0.4 * random()));
}

/** Resolves after `ms`, when `signal` is aborted, or when `wake` calls back; never rejects. */
export function pause(ms: number, signal: AbortSignal, wake: (now: () => void) => void = () => {}): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    wake(end);
  });
}
