// The one clock of the page: ages move on although nothing comes.

import { signal } from "@preact/signals";

/** Milliseconds since 1970 by this machine, renewed each second. */
export const now = signal(Date.now());

/** Starts the clock. */
export function startClock(): void {
  setInterval(() => {
    now.value = Date.now();
  }, 1_000);
}
