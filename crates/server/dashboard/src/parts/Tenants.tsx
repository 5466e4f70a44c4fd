// The tenants with the most calls of the last five minutes.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Tenant } from "../contract/types";
import { count, latency, percent, rate } from "../text/numbers";
import { Card, Empty } from "./Card";
import { Figure } from "./Figure";

const FIRST = 8;

/** The name under which the server counts all tenants that are not among the busiest. */
const OTHERS = "_other";

export function Tenants({ tenants }: { tenants: Tenant[] | null }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const all = ordered(tenants ?? []);
  const shown = isOpen ? all : all.slice(0, FIRST);
  return (
    <Card title="Tenants" name="tenants" aside={<span class="aside">busiest of 5 min</span>}>
      {tenants === null && <Empty>This server tells of no tenants.</Empty>}
      {tenants?.length === 0 && <Empty>No tenant has called in the last five minutes.</Empty>}
      {all.length > 0 && (
        <table>
          <caption class="unseen">Tenants by calls over five minutes</caption>
          <thead>
            <tr>
              <th scope="col">Tenant</th>
              <th scope="col" class="number spare">
                Calls
              </th>
              <th scope="col" class="number">
                Calls/s
              </th>
              <th scope="col" class="number">
                Share
              </th>
              <th scope="col" class="number">
                Mean
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((tenant) => (
              <Row key={tenant.tenant} tenant={tenant} />
            ))}
          </tbody>
        </table>
      )}
      {all.length > FIRST && (
        <button type="button" class="more" onClick={() => setOpen(!isOpen)}>
          {isOpen ? `Show the first ${FIRST}` : `Show all ${all.length}`}
        </button>
      )}
    </Card>
  );
}

function Row({ tenant }: { tenant: Tenant }): JSX.Element {
  const isOthers = tenant.tenant === OTHERS;
  return (
    <tr>
      <th scope="row">{isOthers ? <i>all others</i> : tenant.tenant}</th>
      <td class="number spare">
        <Figure text={count(tenant.calls)} />
      </td>
      <td class="number">
        <Figure text={rate(tenant.perSecond)} />
      </td>
      <td class="number share">
        <span class="share-track spare" aria-hidden="true">
          <span class="share-bar" style={{ width: `${Math.min(1, tenant.share ?? 0) * 100}%` }} />
        </span>
        <Figure text={percent(tenant.share)} />
      </td>
      <td class="number">
        <Figure text={latency(tenant.meanMs)} />
      </td>
    </tr>
  );
}

/** Busiest first; all others together stand last, however many they are. */
function ordered(tenants: Tenant[]): Tenant[] {
  const weight = (one: Tenant) => (one.tenant === OTHERS ? -1 : (one.calls ?? 0));
  return [...tenants].sort((one, other) => weight(other) - weight(one));
}
