// All servers that the page can show: one is followed, the others are glanced at.

import { computed, effect, signal, untracked } from "@preact/signals";
import { readServers } from "../contract/read";
import { ask, reasonOf } from "./ask";
import { Feed } from "./feed";
import { follow } from "./follow";
import { glance } from "./glance";
import { pause, pauseAfter } from "./pause";

const PREFIX = "#server=";

export class Fleet {
  readonly feeds = signal<Feed[]>([]);
  /** Why there is nothing to show, before the first answer. */
  readonly problem = signal<string | null>(null);
  readonly #asked = signal(wanted());
  readonly #isVisible = signal(document.visibilityState !== "hidden");

  /** The server in detail: the one that the address asks for, or the first. */
  readonly shown = computed<Feed | null>(() => {
    const feeds = this.feeds.value;
    return feeds.find((feed) => feed.entry.name === this.#asked.value) ?? feeds[0] ?? null;
  });

  /** Finds the servers, and watches them from then on. */
  start(): void {
    addEventListener("hashchange", () => (this.#asked.value = wanted()));
    document.addEventListener("visibilitychange", () => {
      this.#isVisible.value = document.visibilityState !== "hidden";
    });
    void this.#find();
    effect(() => this.#watch());
  }

  async #find(): Promise<void> {
    const forever = new AbortController().signal;
    for (let failures = 1; this.feeds.value.length === 0; failures += 1) {
      try {
        const servers = readServers(await ask("/monitor/servers", forever));
        this.problem.value = "it names no server";
        this.feeds.value = servers.map((entry) => new Feed(entry));
      } catch (error) {
        this.problem.value = reasonOf(error);
      }
      if (this.feeds.value.length === 0) await pause(pauseAfter(failures), forever);
    }
  }

  /** Begins to watch as things stand now; returns what ends that. */
  #watch(): () => void {
    const end = new AbortController();
    // A tab in the background holds no stream either: it would take a connection from those in front.
    const followed = this.#isVisible.value ? this.shown.value : null;
    const feeds = this.feeds.value;
    // Untracked: what they read of a feed must not begin all anew whenever it changes.
    untracked(() => {
      for (const feed of feeds) {
        void (feed === followed ? follow(feed, end.signal) : glance(feed, end.signal));
      }
    });
    return () => end.abort();
  }
}

/** Returns the address at which the page shows that server. */
export function addressOf(name: string): string {
  return PREFIX + encodeURIComponent(name);
}

function wanted(): string | null {
  if (!location.hash.startsWith(PREFIX)) return null;
  try {
    return decodeURIComponent(location.hash.slice(PREFIX.length));
  } catch {
    return null;
  }
}
