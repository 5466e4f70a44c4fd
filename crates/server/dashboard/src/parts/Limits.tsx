// The bulkhead and the pool of a logical database: what is taken, and who waits.

import type { JSX } from "preact";
import type { Database } from "../contract/types";
import { count, latency } from "../text/numbers";
import { Meter } from "./Meter";

export function Limits({ database }: { database: Database }): JSX.Element {
  const { bulkhead, pool } = database;
  const queued = bulkhead.queued ?? 0;
  return (
    <>
      <div class="gauge">
        <Meter
          label="Bulkhead"
          used={bulkhead.inUse}
          limit={bulkhead.limit}
          isOver={queued > 0}
          detail={<span class={queued > 0 ? "queued loud" : "queued"}>{count(bulkhead.queued)} queued</span>}
        />
        <p class="gauge-note">calls under way, of those allowed at once</p>
      </div>
      <div class="gauge">
        <Meter
          label="Pool"
          used={pool.inUse}
          limit={pool.max}
          held={pool.idle}
          detail={
            <span class="queued">
              {count(pool.idle)} idle
              {pool.connecting ? `, ${count(pool.connecting)} connecting` : ""}
            </span>
          }
        />
        <p class="gauge-note">
          {count(pool.created)} connections made, {count(pool.closed)} closed, pool cleared {times(pool.cleared)}, waits{" "}
          {latency(pool.checkoutMs)}
        </p>
      </div>
    </>
  );
}

function times(cleared: number | null): string {
  if (cleared === 0) return "never";
  return cleared === 1 ? "once" : `${count(cleared)} times`;
}
