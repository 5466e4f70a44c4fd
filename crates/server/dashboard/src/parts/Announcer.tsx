// Speaks changes of status to those who listen: politely, never each tick.

import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { Feed } from "../feed/feed";
import { changes, factsOf, kept, type Facts } from "./changes";

export function Announcer({ feed }: { feed: Feed }): JSX.Element {
  const said = useSignal("");
  const before = useRef<Facts | null>(null);
  useSignalEffect(() => {
    const facts = factsOf(feed);
    // What is there at the first look is read on the page.
    const news = before.current === null ? [] : changes(before.current, facts);
    if (facts.size > 0) before.current = kept(before.current ?? new Map(), facts);
    if (news.length > 0) said.value = news.join(" ");
  });
  return (
    <p class="unseen" role="status" data-announcer>
      {said}
    </p>
  );
}
