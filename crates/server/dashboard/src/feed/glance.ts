// Looks at a server every few seconds by its snapshot, for those that are not shown in detail.
//
// Browsers keep at most six connections to one origin over HTTP/1.1, all tabs together: a stream for
// each server of a fleet would leave none for anything else.

import { ask, reasonOf, Refused } from "./ask";
import type { Feed } from "./feed";
import { pause } from "./pause";

const EVERY_MS = 5_000;
const PATIENCE_MS = 15_000;

/** Bad Gateway and Gateway Timeout: the relay is there, its peer is not. */
const GATEWAY = [502, 504];

/** Looks until `signal` is aborted. */
export async function glance(feed: Feed, signal: AbortSignal): Promise<void> {
  feed.patienceMs.value = PATIENCE_MS;
  while (!signal.aborted) {
    try {
      feed.take(await ask(`${feed.entry.path}/snapshot`, signal));
    } catch (error) {
      if (signal.aborted) return;
      const reason = reasonOf(error);
      // Assumed: so the relay answers where it cannot reach its peer; the contract does not say it.
      const isUnreachable = error instanceof Refused && GATEWAY.includes(error.status);
      feed.link.value = isUnreachable
        ? { state: "unreachable", reason }
        : { state: "lost", reason, retryAt: Date.now() + EVERY_MS };
    }
    await pause(EVERY_MS, signal);
  }
}
