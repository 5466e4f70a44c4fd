// The status tree: deployments with their logical databases, and the process.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Check, Component } from "../contract/types";
import { counted } from "../text/numbers";
import { span } from "../text/times";
import { isTrouble, observedOf, ownName } from "../text/words";
import { Card, Empty } from "./Card";
import { Checks } from "./Checks";
import { StatusMark } from "./Sign";

/** Above this age a component says when it was last looked at. */
const OLD_SECONDS = 10;

export function Tree({ components }: { components: Component[] }): JSX.Element {
  return (
    <Card title="Status" name="tree">
      {components.length === 0 ? <Empty>This server tells of no component.</Empty> : <Level components={components} />}
    </Card>
  );
}

function Level({ components }: { components: Component[] }): JSX.Element {
  return (
    <ul class="tree-level">
      {components.map((component) => (
        <li key={component.name}>
          <Part component={component} />
          {component.components.length > 0 && <Level components={component.components} />}
        </li>
      ))}
    </ul>
  );
}

function Part({ component }: { component: Component }): JSX.Element {
  const { kind, required, status, sinceSeconds, ageSeconds, reasons } = component;
  const name = ownName(component);
  const isOld = ageSeconds !== null && ageSeconds > OLD_SECONDS;
  return (
    <div class={`part ${isTrouble(status) ? "trouble" : ""}`}>
      <div class="part-head">
        <span class="part-name">
          <b>{name}</b>
          {kind !== name && <span class="kind">{kind}</span>}
          {!required && <span class="kind">optional</span>}
        </span>
        <span class="part-status">
          <StatusMark status={status} />
          {sinceSeconds !== null && <span class="since">for {span(sinceSeconds)}</span>}
        </span>
      </div>
      {isOld && <p class="part-age">Last looked at {span(ageSeconds)} before.</p>}
      {reasons.length > 0 && (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li key={reason.code + reason.message}>
              {reason.message || reason.code}
              {observedOf(reason) && <span class="observed">{observedOf(reason)}</span>}
            </li>
          ))}
        </ul>
      )}
      <FoldedChecks checks={component.checks} of={name} />
    </div>
  );
}

/** The checks of a component: those in trouble always, the others when asked for. */
function FoldedChecks({ checks, of }: { checks: Check[]; of: string }): JSX.Element | null {
  const [isOpen, setOpen] = useState(false);
  if (checks.length === 0) return null;
  const troubled = checks.filter((check) => isTrouble(check.status));
  const shown = isOpen ? checks : troubled;
  return (
    <>
      <button type="button" class="fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {tally(checks)}
        <span class="unseen"> of {of}</span>
      </button>
      {shown.length > 0 && <Checks checks={shown} caption={`Checks of ${of}`} />}
    </>
  );
}

function tally(checks: Check[]): string {
  const number = (status: Check["status"]) => checks.filter((check) => check.status === status).length;
  const others = (["down", "degraded", "unknown", "unsupported"] as const)
    .filter((status) => number(status) > 0)
    .map((status) => `${number(status)} ${status}`);
  const all = counted(checks.length, "check", "checks");
  return others.length === 0 ? `${all}, all up` : `${all}: ${[...others].join(", ")}`;
}
