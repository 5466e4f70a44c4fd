// Each logical database: key figures in its head, then charts, windows, circuit and limits.

import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { Chart } from "../chart/Chart";
import { LATENCY, THROUGHPUT } from "../chart/kinds";
import type { Database, Health, Status } from "../contract/types";
import type { History } from "../feed/history";
import { latency, percent, rate } from "../text/numbers";
import { everyComponent, isTrouble, ownName } from "../text/words";
import { Empty } from "./Card";
import { Circuit, isRefusing } from "./Circuit";
import { Figure } from "./Figure";
import { Limits } from "./Limits";
import { Sign, StatusMark, TONES } from "./Sign";
import { WindowsTable } from "./WindowsTable";

/** Up to so many are shown open from the start; of more only those in trouble. */
const FEW = 4;

interface DatabasesProps {
  databases: Database[];
  health: Health;
  history: History;
}

export function Databases({ databases, health, history }: DatabasesProps): JSX.Element {
  const id = useId();
  const statuses = statusesOf(health);
  return (
    <section class="databases" aria-labelledby={id}>
      <h2 id={id}>Databases</h2>
      {databases.length === 0 && <Empty>This server uses no database.</Empty>}
      {databases.map((database) => (
        <Panel
          key={database.name}
          database={database}
          status={statuses.get(database.name) ?? null}
          history={history}
          isFew={databases.length <= FEW}
        />
      ))}
    </section>
  );
}

interface PanelProps {
  database: Database;
  /** Null where no component of the tree has its name. */
  status: Status | null;
  history: History;
  isFew: boolean;
}

function Panel({ database, status, history, isFew }: PanelProps): JSX.Element {
  const isSick = (status !== null && isTrouble(status)) || isRefusing(database);
  const [chosen, setChosen] = useState<boolean | null>(null);
  const bodyId = useId();
  // What somebody opened or closed stays so, whatever happens to the database.
  const isOpen = chosen ?? (isFew || isSick);
  return (
    <article class={`card database ${isSick ? "trouble" : ""}`}>
      <div class="database-head">
        <h3>
          <button
            type="button"
            class="fold"
            aria-expanded={isOpen}
            aria-controls={bodyId}
            onClick={() => setChosen(!isOpen)}
          >
            {status !== null && <Sign tone={TONES[status]} />}
            {database.name}
          </button>
        </h3>
        {status !== null && <StatusMark status={status} />}
        <span class="kind">{database.deployment}</span>
        <KeyFigures database={database} />
      </div>
      <div class="database-body" id={bodyId} hidden={!isOpen}>
        {isOpen && <Body database={database} history={history} />}
      </div>
    </article>
  );
}

function KeyFigures({ database }: { database: Database }): JSX.Element {
  const minute = database.windows["1m"];
  return (
    <div class="key-figures">
      <span class="key-window">1 min</span>
      <dl>
        <div>
          <dt>calls/s</dt>
          <dd>
            <Figure text={rate(minute.perSecond)} />
          </dd>
        </div>
        <div class={(minute.errorRate ?? 0) >= 0.01 ? "loud" : ""}>
          <dt>errors</dt>
          <dd>
            <Figure text={percent(minute.errorRate)} />
          </dd>
        </div>
        <div>
          <dt>p99</dt>
          <dd>
            <Figure text={latency(minute.p99Ms)} />
          </dd>
        </div>
      </dl>
    </div>
  );
}

function Body({ database, history }: { database: Database; history: History }): JSX.Element {
  return (
    <>
      <div class="gauges">
        <Circuit circuit={database.circuit} />
        <Limits database={database} />
      </div>
      <div class="figures">
        <Chart kind={LATENCY} database={database.name} history={history} />
        <Chart kind={THROUGHPUT} database={database.name} history={history} />
        <WindowsTable database={database} />
      </div>
    </>
  );
}

function statusesOf(health: Health): Map<string, Status> {
  const databases = everyComponent(health.components).filter(({ kind }) => kind === "database");
  return new Map(databases.map((component) => [ownName(component), component.status]));
}
