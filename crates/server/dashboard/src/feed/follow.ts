// Follows a server: its history once, then its stream, and again after a pause whenever that ends.

import { readHistory } from "../contract/read";
import { ask, reasonOf, refusal } from "./ask";
import type { Feed } from "./feed";
import { pause, pauseAfter } from "./pause";
import { eachEvent, type Event } from "./sse";

/** Without a byte for so long, keep-alives included, a stream is taken for broken. */
const SILENCE_MS = 40_000;

/** A snapshot a second is due; after so long without one what is shown is called stale. */
const PATIENCE_MS = 5_000;

/** How often the history may be fetched again to fill gaps. */
const REFILL_MS = 30_000;

/** Follows until `signal` is aborted. */
export async function follow(feed: Feed, signal: AbortSignal): Promise<void> {
  feed.patienceMs.value = PATIENCE_MS;
  let failures = 0;
  while (!signal.aborted) {
    const heardBefore = feed.heardAt.value;
    const reason = await listen(feed, signal);
    if (signal.aborted) return;
    // What was heard in between proves that the server is there: the pauses begin anew.
    failures = feed.heardAt.value === heardBefore ? failures + 1 : 1;
    const ms = pauseAfter(failures);
    tellEnd(feed, reason, Date.now() + ms);
    await pause(ms, signal, (wake) => (feed.retry.value = wake));
    feed.retry.value = null;
  }
}

/** Reads one stream to its end and returns why it ended. */
async function listen(feed: Feed, signal: AbortSignal): Promise<string> {
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  let silence = setTimeout(() => own.abort(), SILENCE_MS);
  try {
    const response = await fetch(`${feed.entry.path}/stream`, {
      cache: "no-store",
      headers: { accept: "text/event-stream" },
      signal: both,
    });
    if (!response.ok || response.body === null) throw await refusal(response);
    const refill = refiller(feed, both);
    await eachEvent(
      response.body,
      (event) => take(feed, event, refill),
      () => {
        clearTimeout(silence);
        silence = setTimeout(() => own.abort(), SILENCE_MS);
      },
    );
    return "its stream ended";
  } catch (error) {
    if (own.signal.aborted) return "its stream fell silent";
    return feed.link.value.state === "live" ? "its stream broke" : reasonOf(error);
  } finally {
    clearTimeout(silence);
    own.abort();
  }
}

function take(feed: Feed, event: Event, refill: () => void): void {
  if (event.name === "drain") feed.link.value = { state: "drained", retryAt: null };
  if (event.name === "unreachable") {
    feed.link.value = { state: "unreachable", reason: text(event.data) };
  }
  if (event.name === "snapshot") {
    feed.take(JSON.parse(event.data));
    refill();
  }
}

function text(data: string): string {
  const message: unknown = JSON.parse(data)?.message;
  return typeof message === "string" ? message : "it cannot be reached";
}

/** Fetches the history with the first snapshot, and where snapshots were left out since. */
function refiller(feed: Feed, signal: AbortSignal): () => void {
  let last = -Infinity;
  return () => {
    const isDue = last === -Infinity || (feed.history.hasGap && Date.now() - last > REFILL_MS);
    if (!isDue) return;
    last = Date.now();
    ask(`${feed.entry.path}/history`, signal)
      .then((json) => feed.history.load(readHistory(json)))
      // The charts then begin with what the stream tells, and the next stream asks again.
      .catch(() => {});
  };
}

function tellEnd(feed: Feed, reason: string, retryAt: number): void {
  const { state } = feed.link.value;
  feed.link.value = state === "drained" ? { state, retryAt } : { state: "lost", reason, retryAt };
}
