// The process itself: what it is, and what it takes.

import type { JSX } from "preact";
import type { Snapshot } from "../contract/types";
import { count, megabytes, NOTHING, percent } from "../text/numbers";
import { span } from "../text/times";
import { Card } from "./Card";
import { Figure } from "./Figure";

export function ProcessCard({ snapshot }: { snapshot: Snapshot }): JSX.Element {
  const { server, process } = snapshot;
  const limit = process.openFilesLimit === null ? "" : ` of ${count(process.openFilesLimit)}`;
  const facts: [string, string][] = [
    ["memory", megabytes(process.residentBytes)],
    // Assumed: 1 is one core, so that more than 100 % is possible.
    ["CPU, of one core", percent(process.cpu)],
    ["open files", process.openFiles === null ? NOTHING : `${count(process.openFiles)}${limit}`],
    ["up for", span(server.uptimeSeconds)],
    ["pid", server.pid === null ? NOTHING : String(server.pid)],
    ["version", server.version || NOTHING],
  ];
  return (
    <Card title="Process" name="process">
      <dl class="facts">
        {facts.map(([title, text]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <Figure text={text} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
