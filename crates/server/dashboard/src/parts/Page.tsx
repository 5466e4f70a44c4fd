// The whole page, what matters most first.

import type { JSX } from "preact";
import type { Snapshot } from "../contract/types";
import type { Feed } from "../feed/feed";
import type { Fleet } from "../feed/fleet";
import { Alerts } from "./Alerts";
import { Announcer } from "./Announcer";
import { Databases } from "./Databases";
import { Deployments } from "./Deployments";
import { FleetNav } from "./FleetNav";
import { Header } from "./Header";
import { LinkBanner } from "./LinkBanner";
import { Operations } from "./Operations";
import { ProcessCard } from "./ProcessCard";
import { SlowShapes } from "./SlowShapes";
import { Tenants } from "./Tenants";
import { ThemeChoice } from "./ThemeChoice";
import { Tree } from "./Tree";

export function Page({ fleet }: { fleet: Fleet }): JSX.Element {
  const feed = fleet.shown.value;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the status
      </a>
      <header class="top">
        <div class="bar">
          <p class="brand">mongoplex</p>
          <p class="where">{feed && <Where feed={feed} />}</p>
          <ThemeChoice />
        </div>
        <FleetNav fleet={fleet} />
      </header>
      {feed === null ? <Waiting problem={fleet.problem.value} /> : <Server key={feed.entry.name} feed={feed} />}
    </>
  );
}

/** Goes there without touching the address, which says which server is shown. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Where({ feed }: { feed: Feed }): JSX.Element {
  const server = feed.snapshot.value?.server;
  return <>{[server?.application, server?.environment].filter(Boolean).join(" · ")}</>;
}

/** Before any server is known. */
function Waiting({ problem }: { problem: string | null }): JSX.Element {
  return (
    <main id="main" class="waiting" tabIndex={-1}>
      <h1>{problem === null ? "Asking for the servers" : "No server to show"}</h1>
      <p role="status">
        {problem === null
          ? "One moment."
          : `The list of servers (/monitor/servers) did not come: ${problem}. Trying again.`}
      </p>
    </main>
  );
}

/** One server in detail. */
function Server({ feed }: { feed: Feed }): JSX.Element {
  const snapshot = feed.snapshot.value;
  const isStale = feed.freshness.value === "stale";
  return (
    <main id="main" class={isStale ? "stale" : ""} tabIndex={-1}>
      <Header feed={feed} />
      <LinkBanner feed={feed} />
      <Announcer feed={feed} />
      {snapshot === null ? <p class="empty first">Nothing to show yet.</p> : <Detail feed={feed} snapshot={snapshot} />}
    </main>
  );
}

function Detail({ feed, snapshot }: { feed: Feed; snapshot: Snapshot }): JSX.Element {
  return (
    <div class="detail">
      <div class="two">
        <div class="column">
          <Alerts alerts={snapshot.alerts} />
          <Deployments deployments={snapshot.deployments} />
        </div>
        <Tree components={snapshot.health.components} />
      </div>
      <Databases databases={snapshot.databases} health={snapshot.health} history={feed.history} />
      <Operations databases={snapshot.databases} />
      <div class="two">
        <SlowShapes slow={snapshot.slow} at={snapshot.at} />
        <div class="column">
          <Tenants tenants={snapshot.tenants} />
          <ProcessCard snapshot={snapshot} />
        </div>
      </div>
    </div>
  );
}
