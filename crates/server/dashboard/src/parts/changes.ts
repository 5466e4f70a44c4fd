// What has changed between two moments of a server, in sentences to be spoken. Ticks are no change.

import type { Feed } from "../feed/feed";
import { readiness } from "../text/words";
import { causeText } from "./LinkBanner";

/** What is worth a word when it changes, by a name, each as the sentence that tells it. */
export type Facts = Map<string, string>;

/** Returns the facts of a server as they stand. */
export function factsOf(feed: Feed): Facts {
  const facts: Facts = new Map();
  const snapshot = feed.snapshot.value;
  const { name } = feed.entry;
  const isFresh = feed.freshness.value === "fresh";
  if (feed.freshness.value !== "none") {
    facts.set("link", isFresh ? `${name}: live data.` : `Old data. ${causeText(feed)}`);
  }
  if (snapshot === null || !isFresh) return facts;
  facts.set("status", `${name} is ${snapshot.health.status}, ${readiness(snapshot)}.`);
  for (const { name: database, circuit } of snapshot.databases) {
    facts.set(`circuit ${database}`, `Circuit of ${database}: ${circuit.state}.`);
  }
  for (const { rule, database, state } of snapshot.alerts ?? []) {
    if (state === "pending") continue;
    facts.set(`alert ${rule} ${database}`, `Alert ${rule}${database ? ` of ${database}` : ""}: ${state}.`);
  }
  return facts;
}

/** Returns the sentences of `after` that are new. What is not known while data are old is no change. */
export function changes(before: Facts, after: Facts): string[] {
  return [...after].filter(([name, sentence]) => before.get(name) !== sentence).map(([, sentence]) => sentence);
}

/** Returns the facts with those of before that are not known now. */
export function kept(before: Facts, after: Facts): Facts {
  return new Map([...before, ...after]);
}
