// The product's words as the page says them.

import type { Component, Reason, Snapshot, Status } from "../contract/types";
import { measured } from "./numbers";

const SEVERITY: Record<Status, number> = { down: 4, unknown: 3, degraded: 2, up: 1, unsupported: 0 };

/** Returns whether somebody should look at it. `unsupported` is no trouble. */
export function isTrouble(status: Status): boolean {
  return SEVERITY[status] > SEVERITY.up;
}

/** Orders worse ones first. */
export function worseFirst(one: Status, other: Status): number {
  return SEVERITY[other] - SEVERITY[one];
}

/** Returns the name without the kind that the server puts before it: `database:sales`. */
export function ownName(component: Component): string {
  const prefix = `${component.kind}:`;
  return component.name.startsWith(prefix) ? component.name.slice(prefix.length) : component.name;
}

/** Returns `17 s, limit 15 s`, or nothing where nothing was measured. */
export function observedOf(reason: Reason): string {
  if (reason.observed === null) return "";
  const observed = measured(reason.observed, reason.unit);
  return reason.threshold === null ? observed : `${observed}, limit ${measured(reason.threshold, reason.unit)}`;
}

/** Returns `ready`, `not ready`, `draining`, or that nobody said. */
export function readiness({ health }: Snapshot): string {
  if (health.draining) return "draining";
  if (health.ready === null) return "readiness unknown";
  return health.ready ? "ready" : "not ready";
}

/** Returns each component with all below it. */
export function everyComponent(components: Component[]): Component[] {
  return components.flatMap((one) => [one, ...everyComponent(one.components)]);
}

/** A reason, and the names of all components that have it. */
export interface Trouble {
  names: string[];
  reason: Reason;
}

/** Returns why the server is not up, what is worst first, and each thing once: one cause has many effects. */
export function troubles({ health }: Snapshot): Trouble[] {
  const found = new Map<string, Trouble>();
  const sick = everyComponent(health.components).filter(({ status }) => isTrouble(status));
  for (const component of sick.sort((one, other) => worseFirst(one.status, other.status))) {
    for (const reason of component.reasons) {
      const known = found.get(reason.code + reason.message);
      if (known) known.names.push(ownName(component));
      else found.set(reason.code + reason.message, { names: [ownName(component)], reason });
    }
  }
  return [...found.values()];
}
