// All servers at a glance, each a link to its detail.

import type { JSX } from "preact";
import type { Snapshot } from "../contract/types";
import type { Feed } from "../feed/feed";
import { addressOf, type Fleet } from "../feed/fleet";
import { counted, percent, rate } from "../text/numbers";
import { span } from "../text/times";
import { readiness } from "../text/words";
import { headlineOf } from "./headline";
import { Sign, type Tone } from "./Sign";

/** Of more than so many a narrow screen shows names and status alone. */
const FEW = 4;

export function FleetNav({ fleet }: { fleet: Fleet }): JSX.Element | null {
  const feeds = fleet.feeds.value;
  if (feeds.length < 2) return null;
  return (
    <nav class="fleet" aria-label="Servers">
      <ul class={feeds.length > FEW ? "many" : ""}>
        {feeds.map((feed) => (
          <li key={feed.entry.name}>
            <One feed={feed} isShown={feed === fleet.shown.value} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function One({ feed, isShown }: { feed: Feed; isShown: boolean }): JSX.Element {
  const { tone, word, detail } = glanceOf(feed);
  return (
    <a class={`fleet-one ${tone}`} href={addressOf(feed.entry.name)} {...(isShown && { "aria-current": "true" })}>
      <Sign tone={tone} />
      <span class="fleet-name">{feed.entry.name}</span>
      <span class="fleet-word">{word}</span>
      <span class="fleet-detail">{detail}</span>
    </a>
  );
}

interface Glance {
  tone: Tone;
  word: string;
  detail: string;
}

/** What is known of a server, in one sign and few words; old data are no status. */
function glanceOf(feed: Feed): Glance {
  const snapshot = feed.snapshot.value;
  const { state } = feed.link.value;
  const freshness = feed.freshness.value;
  if (freshness === "none" && state === "connecting") return { tone: "unsure", word: "asking", detail: "" };
  if (freshness !== "fresh" || snapshot === null) {
    const word = state === "unreachable" ? "unreachable" : state === "drained" ? "gone down" : "no answer";
    const heard = feed.quietSeconds.value;
    return { tone: "bad", word, detail: heard === null ? "never heard" : `heard ${span(heard)} ago` };
  }
  return { ...headlineOf(snapshot), detail: detailOf(snapshot) };
}

function detailOf(snapshot: Snapshot): string {
  const { databases, alerts } = snapshot;
  const isReady = readiness(snapshot) === "ready";
  const firing = (alerts ?? []).filter((alert) => alert.state === "firing").length;
  const minutes = databases.map(({ windows }) => windows["1m"]);
  const calls = sum(minutes.map(({ perSecond }) => perSecond));
  const errors = sum(minutes.map(({ perSecond, errorRate }) => (perSecond ?? 0) * (errorRate ?? 0)));
  const share = calls > 0 ? errors / calls : 0;
  const parts = [
    !isReady && readiness(snapshot),
    firing > 0 && counted(firing, "alert", "alerts"),
    `${rate(calls)} calls/s`,
    `${percent(share)} errors in 1 min`,
  ];
  return parts.filter(Boolean).join(" · ");
}

function sum(values: (number | null)[]): number {
  return values.reduce<number>((all, one) => all + (one ?? 0), 0);
}
