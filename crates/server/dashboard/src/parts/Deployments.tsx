// Deployments as the driver sees them: their servers, and the budget of retries.

import type { JSX } from "preact";
import type { Deployment, Node } from "../contract/types";
import { latency, measured } from "../text/numbers";
import { Card, Empty } from "./Card";
import { Figure } from "./Figure";
import { Meter } from "./Meter";
import { Mark, type Tone } from "./Sign";

/** From here on a health check calls a secondary's lag degraded. */
const LATE_SECONDS = 15;

/** Kinds that answer; any other is shown as it is, and as worth a look. */
const ANSWERING = ["primary", "secondary", "standalone", "mongos", "load-balancer", "arbiter"];

export function Deployments({ deployments }: { deployments: Deployment[] }): JSX.Element {
  return (
    <Card title="Deployments" name="deployments">
      {deployments.length === 0 && <Empty>No deployment is connected.</Empty>}
      {deployments.map((deployment) => (
        <One key={deployment.name} deployment={deployment} />
      ))}
    </Card>
  );
}

function One({ deployment }: { deployment: Deployment }): JSX.Element {
  const { name, databases, budget, servers } = deployment;
  return (
    <div class="deployment">
      <h3>
        {name} <span class="kind">{databases.join(", ")}</span>
      </h3>
      <table class="servers">
        <caption class="unseen">Servers of {name}</caption>
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col">Kind</th>
            <th scope="col" class="number">
              Round trip
            </th>
            <th scope="col" class="number">
              Lag
            </th>
          </tr>
        </thead>
        <tbody>
          {servers.map((server) => (
            <Row key={server.address} server={server} />
          ))}
        </tbody>
      </table>
      {servers.length === 0 && <Empty>No server has been found.</Empty>}
      <Meter
        label="Retry budget"
        used={budget.tokens}
        limit={budget.capacity}
        isRest
        detail={<span class="queued">tokens left</span>}
      />
    </div>
  );
}

function Row({ server }: { server: Node }): JSX.Element {
  const { address, kind, roundTripMs, lagSeconds } = server;
  const [host = address, port] = address.split(/(?=:\d+$)/);
  const isLate = (lagSeconds ?? 0) > LATE_SECONDS;
  return (
    <tr>
      <th scope="row">
        {host}
        <wbr />
        {port}
      </th>
      <td>
        <Mark tone={toneOf(kind)} word={kind} />
      </td>
      <td class="number">
        <Figure text={latency(roundTripMs)} />
      </td>
      <td class={`number ${isLate ? "loud" : ""}`}>
        <Figure text={measured(lagSeconds, "s")} />
      </td>
    </tr>
  );
}

function toneOf(kind: string): Tone {
  return ANSWERING.includes(kind) ? "good" : "warn";
}
