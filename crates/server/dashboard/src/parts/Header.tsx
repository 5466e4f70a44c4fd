// The head of the page: which server, how it is, and how old that is.

import type { JSX } from "preact";
import type { Snapshot } from "../contract/types";
import type { Feed } from "../feed/feed";
import { span } from "../text/times";
import { observedOf, readiness, troubles } from "../text/words";
import { circuitsText, headlineOf, heldCircuits } from "./headline";
import { Mark, Sign, StatusMark, type Tone } from "./Sign";

/** So many reasons stand in the head; the tree has all. */
const FIRST = 3;

export function Header({ feed }: { feed: Feed }): JSX.Element {
  const snapshot = feed.snapshot.value;
  const status = snapshot?.health.status ?? "unknown";
  // Nobody knows how it is now: the sign says so, and the words tell how it was.
  const isFresh = feed.freshness.value === "fresh";
  const was = isFresh ? "" : "was ";
  return (
    <>
      <div class="headline">
        <span class="headline-sign">
          <Sign tone={isFresh && snapshot ? headlineOf(snapshot).tone : "unsure"} />
        </span>
        <h1>{snapshot?.server.name || feed.entry.name}</h1>
        <p class="headline-words">
          {snapshot && <StatusMark status={status} word={was + status} />}
          {snapshot && <Mark tone={readyTone(snapshot)} word={was + readiness(snapshot)} />}
          {snapshot &&
            heldCircuits(snapshot).map((held) => (
              <Mark key={held.state} tone={held.tone} word={was + circuitsText(held)} />
            ))}
        </p>
        <Freshness feed={feed} />
      </div>
      {snapshot && <Reasons snapshot={snapshot} />}
    </>
  );
}

function readyTone({ health }: Snapshot): Tone {
  if (health.draining) return "warn";
  if (health.ready === null) return "unsure";
  return health.ready ? "good" : "bad";
}

function Freshness({ feed }: { feed: Feed }): JSX.Element {
  const seconds = feed.quietSeconds.value;
  const isFresh = feed.freshness.value === "fresh";
  const word = isFresh ? "live" : seconds === null ? "no data" : "old data";
  return (
    <p class={`freshness ${isFresh ? "live" : "stale"}`}>
      <span class="dot" aria-hidden="true" />
      {word}
      {seconds !== null && <span class="since">{seconds === 0 ? "now" : `${span(seconds)} ago`}</span>}
    </p>
  );
}

function Reasons({ snapshot }: { snapshot: Snapshot }): JSX.Element | null {
  const all = troubles(snapshot);
  if (all.length === 0) return null;
  return (
    <ul class="headline-reasons">
      {all.slice(0, FIRST).map(({ names, reason }) => (
        <li key={reason.code + reason.message}>
          <b>{names.join(", ")}</b>: {reason.message || reason.code}
          {observedOf(reason) && <span class="observed">{observedOf(reason)}</span>}
        </li>
      ))}
      {all.length > FIRST && <li class="since">and {all.length - FIRST} more below</li>}
    </ul>
  );
}
