// What is known of one server: its newest snapshot, its history, and how good the link to it is.

import { computed, signal } from "@preact/signals";
import { readSnapshot } from "../contract/read";
import type { Entry, Snapshot } from "../contract/types";
import { now } from "./clock";
import { History } from "./history";

/** How the page is connected to a server. */
export type Link =
  | { state: "connecting" }
  | { state: "live" }
  /** The stream broke, or never began. */
  | { state: "lost"; reason: string; retryAt: number | null }
  /** The server that serves this page cannot reach this one, its peer. */
  | { state: "unreachable"; reason: string }
  /** It said that it goes down, and ended its stream. */
  | { state: "drained"; retryAt: number | null };

/** How fresh the shown snapshot is. */
export type Freshness = "none" | "fresh" | "stale";

export class Feed {
  readonly entry: Entry;
  readonly history = new History();
  readonly snapshot = signal<Snapshot | null>(null);
  readonly link = signal<Link>({ state: "connecting" });
  /** When the newest snapshot came, by the clock of this machine. */
  readonly heardAt = signal<number | null>(null);
  /** After how long without a new snapshot the shown one is stale. */
  readonly patienceMs = signal(5_000);
  /** Cuts the pause before the next attempt short; null while there is none. */
  readonly retry = signal<(() => void) | null>(null);

  /** How long ago that was, in whole seconds; null before the first. */
  readonly quietSeconds = computed(() => {
    const heard = this.heardAt.value;
    return heard === null ? null : Math.max(0, Math.floor((now.value - heard) / 1000));
  });

  readonly freshness = computed<Freshness>(() => {
    const heard = this.heardAt.value;
    if (heard === null) return "none";
    const isQuiet = now.value - heard > this.patienceMs.value;
    return this.link.value.state === "live" && !isQuiet ? "fresh" : "stale";
  });

  constructor(entry: Entry) {
    this.entry = entry;
  }

  /** Takes a snapshot. One that is no newer than the last is no news, however often it comes. */
  take(json: unknown): void {
    const before = this.snapshot.value;
    const snapshot = readSnapshot(json);
    const isNews = before === null || snapshot.at === null || snapshot.at !== before.at;
    this.link.value = { state: "live" };
    if (!isNews) return;
    this.snapshot.value = snapshot;
    this.heardAt.value = Date.now();
    this.history.add(snapshot);
  }
}
