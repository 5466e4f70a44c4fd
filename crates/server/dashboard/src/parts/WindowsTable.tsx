// The figures of a logical database over 1, 5 and 60 minutes.

import type { JSX } from "preact";
import type { Database, Window } from "../contract/types";
import { WINDOWS } from "../contract/types";
import { count, latency, percent, rate } from "../text/numbers";
import { Figure } from "./Figure";

const HEADINGS = { "1m": "1 min", "5m": "5 min", "60m": "60 min" } as const;

const ROWS: [string, (window: Window) => string][] = [
  ["calls", (window) => count(window.calls)],
  ["calls/s", (window) => rate(window.perSecond)],
  ["errors", (window) => percent(window.errorRate)],
  ["retries", (window) => percent(window.retryRate)],
  ["p50", (window) => latency(window.p50Ms)],
  ["p90", (window) => latency(window.p90Ms)],
  ["p95", (window) => latency(window.p95Ms)],
  ["p99", (window) => latency(window.p99Ms)],
  ["longest", (window) => latency(window.maxMs)],
  ["waiting, mean", (window) => latency(window.waitingMs)],
  ["driver, mean", (window) => latency(window.driverMs)],
];

export function WindowsTable({ database }: { database: Database }): JSX.Element {
  return (
    <table class="windows">
      <caption class="unseen">Calls of {database.name} by window</caption>
      <thead>
        <tr>
          <td />
          {WINDOWS.map((name) => (
            <th scope="col" class="number" key={name}>
              {HEADINGS[name]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {ROWS.map(([title, read]) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            {WINDOWS.map((name) => (
              <td class="number" key={name}>
                <Figure text={read(database.windows[name])} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
