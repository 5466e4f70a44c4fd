// The tree of components at a moment of the scenario.

import { circuit, nodes, second } from "./scenario.mjs";

const WORST = ["up", "unknown", "degraded", "down"];
const worst = (statuses) => statuses.sort((one, other) => WORST.indexOf(other) - WORST.indexOf(one))[0] ?? "up";

const check = (name, observed, threshold, unit, status = "up", message = null, ageSeconds = 0.8) => ({
  name,
  status,
  observed,
  threshold,
  unit,
  message,
  ageSeconds,
});

const reason = (code, message, observed, threshold, unit) => ({ code, message, observed, threshold, unit });

export function health(t, databases) {
  const first = deployment(
    t,
    databases.filter((name) => name !== "shared"),
  );
  const second = databases.includes("shared") ? [lone(t)] : [];
  const components = [first, ...second, process(t)];
  const status = worst(components.map((one) => one.status));
  return { status, ready: status !== "down", draining: false, components };
}

function deployment(t, databases) {
  const servers = nodes(t);
  const hasPrimary = servers.some((node) => node.kind === "primary");
  const gone = servers.filter((node) => node.kind === "unknown");
  const late = servers.filter((node) => node.lagSeconds > 15);
  const lag = Math.max(...servers.map((node) => node.lagSeconds ?? 0));
  const reasons = [
    ...(hasPrimary ? [] : [reason("no-primary", "no server takes writes", 0, 1, "")]),
    ...gone.map((node) => reason("server-unreachable", `${node.address} does not answer`, null, null, "")),
    ...late.map((node) =>
      reason(
        "replica-lag",
        `${node.address} is ${Math.round(node.lagSeconds)} s behind the primary`,
        node.lagSeconds,
        15,
        "s",
      ),
    ),
  ];
  const status = !hasPrimary ? "down" : reasons.length > 0 ? "degraded" : "up";
  return {
    name: "deployment:mongoplex-1f3a",
    kind: "deployment",
    required: true,
    status,
    sinceSeconds: since(t),
    ageSeconds: 0.8,
    reasons,
    checks: [
      check("ping", hasPrimary ? 0.8 : null, 250, "ms", hasPrimary ? "up" : "down"),
      check("write-probe", hasPrimary ? 2.1 : null, 1000, "ms", hasPrimary ? "up" : "down"),
      check("primary", hasPrimary ? 1 : 0, 1, "", hasPrimary ? "up" : "down"),
      check("replica-lag", lag, 15, "s", late.length > 0 ? "degraded" : "up"),
      check("connections", 4.1, 70, "%", "up", null, 9.2),
      check("file-handles", 2.3, 80, "%", "up", null, 9.2),
      check("disk", 41, 80, "%", "up", null, 44),
      check("oplog-window", null, 24, "h", "unsupported", "the user may not read local.oplog.rs", 20),
    ],
    components: databases.map((name) => database(t, name)),
  };
}

function database(t, name) {
  const { state, sinceSeconds } = circuit(t);
  const status = state === "open" ? "down" : state === "half-open" ? "degraded" : "up";
  const { inUse } = second(t, name);
  return {
    name: `database:${name}`,
    kind: "database",
    required: true,
    status,
    sinceSeconds,
    ageSeconds: 0.8,
    reasons: status === "up" ? [] : [reason("circuit", `the circuit is ${state}`, null, null, "")],
    checks: [check("pool", inUse * 10, 80, "%")],
    components: [],
  };
}

function lone(t) {
  return {
    name: "deployment:mongoplex-9c02",
    kind: "deployment",
    required: false,
    status: "up",
    sinceSeconds: 1200 + t,
    ageSeconds: 2.1,
    reasons: [],
    checks: [
      check("ping", 1.4, 250, "ms"),
      check("write-probe", 3.2, 1000, "ms"),
      check("disk", 12, 80, "%", "up", null, 31),
    ],
    components: [
      {
        name: "database:shared",
        kind: "database",
        required: false,
        status: "up",
        sinceSeconds: 1200 + t,
        ageSeconds: 2.1,
        reasons: [],
        checks: [check("pool", 10, 80, "%")],
        components: [],
      },
    ],
  };
}

function process(t) {
  return {
    name: "process",
    kind: "process",
    required: true,
    status: "up",
    sinceSeconds: 1234 + t,
    ageSeconds: 0.4,
    reasons: [],
    checks: [check("memory", 61.2, 1024, "MB"), check("cpu", 12, 90, "%"), check("file-descriptors", 61, 820, "")],
    components: [],
  };
}

function since(t) {
  for (const moment of [240, 220, 152, 140]) if (t >= moment) return t - moment;
  return 1200 + t;
}
