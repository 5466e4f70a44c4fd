// Says plainly when what is shown is old, why, and what is being done about it.

import type { JSX } from "preact";
import { now } from "../feed/clock";
import type { Feed } from "../feed/feed";
import { clock, span } from "../text/times";
import { Sign } from "./Sign";

export function LinkBanner({ feed }: { feed: Feed }): JSX.Element | null {
  const link = feed.link.value;
  const freshness = feed.freshness.value;
  if (freshness === "fresh" || (link.state === "connecting" && freshness === "none")) return null;
  const retryAt = "retryAt" in link ? link.retryAt : null;
  return (
    <div class="banner">
      <Sign tone="bad" />
      <div class="banner-text">
        <b>{ageText(feed)}</b>
        <p>
          {causeText(feed)} {retryAt !== null && <span>{retryText(retryAt - now.value)}</span>}
        </p>
      </div>
      {feed.retry.value && (
        <button type="button" class="plain" onClick={() => feed.retry.value?.()}>
          Try now
        </button>
      )}
    </div>
  );
}

function ageText(feed: Feed): string {
  const heard = feed.heardAt.value;
  if (heard === null) return "Nothing has been heard yet.";
  return `Old data: nothing new since ${clock(heard)}, ${span(feed.quietSeconds.value)} ago.`;
}

/** Returns why nothing new comes. */
export function causeText({ entry, link }: Feed): string {
  const { value } = link;
  switch (value.state) {
    case "unreachable":
      return `The server of this page cannot reach ${entry.name}: ${value.reason}. It keeps trying.`;
    case "drained":
      return `${entry.name} goes down: it said so and ended its stream.`;
    case "lost":
      return `${entry.name}: ${value.reason}.`;
    case "connecting":
      return `Connecting to ${entry.name}.`;
    case "live":
      return `The stream of ${entry.name} is open, but tells nothing new.`;
  }
}

function retryText(ms: number): string {
  return ms <= 0 ? "Trying again now." : `Trying again in ${span(Math.ceil(ms / 1000))}.`;
}
