// The page's tab: title and picture tell the status, for a tab that is not in front.

import { effect } from "@preact/signals";
import type { Fleet } from "../feed/fleet";
import { headlineOf } from "./headline";
import { SHAPES, type Tone } from "./Sign";

const COLOURS: Record<Tone, string> = {
  good: "#1a7f37",
  warn: "#b87503",
  bad: "#d1242f",
  unsure: "#6e7781",
  quiet: "#6e7781",
};

/** Keeps title and picture in step. */
export function startTab(fleet: Fleet): void {
  effect(() => {
    const feed = fleet.shown.value;
    const snapshot = feed?.freshness.value === "fresh" ? feed.snapshot.value : null;
    const { tone, word } = snapshot ? headlineOf(snapshot) : { tone: "unsure" as Tone, word: "no data" };
    document.title = feed ? `${word} · ${feed.entry.name} · mongoplex` : "mongoplex";
    const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    const picture = pictureOf(tone);
    if (link && link.getAttribute("href") !== picture) link.href = picture;
  });
}

function pictureOf(tone: Tone): string {
  const { outline, mark } = SHAPES[tone];
  const colour = COLOURS[tone];
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">` +
    `<path d="${outline}" fill="${colour}"/>` +
    `<path d="${mark}" fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
