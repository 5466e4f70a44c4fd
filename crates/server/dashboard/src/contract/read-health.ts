// The tree of components, and the deployments as the driver sees them.

import type { Fields } from "./fields";
import type { Check, Component, Deployment, Reason } from "./types";
import { STATUSES } from "./types";

/** Reads a node of the tree with all below it. */
export function readComponent(one: Fields): Component {
  return {
    name: one.name("name"),
    kind: one.name("kind"),
    required: one.flag("required") ?? true,
    status: one.word("status", STATUSES, "unknown"),
    sinceSeconds: one.number("sinceSeconds"),
    ageSeconds: one.number("ageSeconds"),
    reasons: one.list("reasons", readReason),
    checks: one.list("checks", readCheck),
    components: one.list("components", readComponent),
  };
}

function readReason(one: Fields): Reason {
  return {
    code: one.name("code"),
    message: one.name("message"),
    observed: one.number("observed"),
    threshold: one.number("threshold"),
    unit: one.name("unit"),
  };
}

function readCheck(one: Fields): Check {
  return {
    name: one.name("name"),
    status: one.word("status", STATUSES, "unknown"),
    observed: one.number("observed"),
    threshold: one.number("threshold"),
    unit: one.name("unit"),
    message: one.text("message"),
    ageSeconds: one.number("ageSeconds"),
  };
}

/** Reads one of `deployments`: its servers and its retry budget. */
export function readDeployment(one: Fields): Deployment {
  const budget = one.of("budget");
  return {
    name: one.name("name"),
    databases: one.texts("databases"),
    budget: { tokens: budget.number("tokens"), capacity: budget.number("capacity") },
    servers: one.list("servers", (node) => ({
      address: node.name("address"),
      kind: node.text("kind") ?? "unknown",
      roundTripMs: node.number("roundTripMs"),
      lagSeconds: node.number("lagSeconds"),
    })),
  };
}
