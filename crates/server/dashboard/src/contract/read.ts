// JSON of the monitor routes to the types of this page, each exactly once.

import { Fields } from "./fields";
import { readDatabase, readPoint } from "./read-database";
import { readComponent, readDeployment } from "./read-health";
import type { Alert, Entry, Point, Process, Slow, Snapshot, Tenant } from "./types";
import { STATUSES } from "./types";

/** Reads what `/monitor/servers` answered. */
export function readServers(json: unknown): Entry[] {
  const entries = new Fields(json).list("servers", (one) => ({
    name: one.name("name"),
    path: one.name("path"),
  }));
  // Only paths below this origin: a name of a host would send the page elsewhere.
  return entries.filter(({ name, path }) => name !== "" && /^\/(?![/\\])/.test(path));
}

/** Reads what `<path>/history` answered: points by logical database. */
export function readHistory(json: unknown): Map<string, Point[]> {
  const databases = new Fields(json).of("databases");
  const points = databases.entries().map(([name]): [string, Point[]] => {
    const read = databases.list(name, (one) => readPoint(one, one.moment("at")));
    return [name, read.filter((point) => point !== null)];
  });
  return new Map(points);
}

/** Reads a snapshot, of the route or of the stream. */
export function readSnapshot(json: unknown): Snapshot {
  const all = new Fields(json);
  const at = all.moment("at");
  const server = all.of("server");
  const health = all.of("health");
  return {
    at,
    server: {
      name: server.name("name"),
      application: server.name("application"),
      version: server.name("version"),
      environment: server.name("environment"),
      pid: server.number("pid"),
      uptimeSeconds: server.number("uptimeSeconds"),
    },
    health: {
      status: health.word("status", STATUSES, "unknown"),
      ready: health.flag("ready"),
      draining: health.flag("draining") ?? false,
      components: health.list("components", readComponent),
    },
    deployments: all.list("deployments", readDeployment),
    databases: all.list("databases", (one) => readDatabase(one, at)),
    tenants: all.told("tenants", readTenant),
    slow: all.told("slow", readSlow),
    alerts: all.told("alerts", readAlert),
    process: readProcess(all.of("process")),
  };
}

function readTenant(one: Fields): Tenant {
  return {
    tenant: one.name("tenant"),
    calls: one.number("calls"),
    perSecond: one.number("perSecond"),
    share: one.number("share"),
    meanMs: one.number("meanMs"),
  };
}

function readSlow(one: Fields): Slow {
  return {
    database: one.name("database"),
    collection: one.name("collection"),
    operation: one.name("operation"),
    shape: one.name("shape"),
    count: one.number("count"),
    p95Ms: one.number("p95Ms"),
    maxMs: one.number("maxMs"),
    lastAt: one.moment("lastAt"),
    plan: one.text("plan"),
    examined: one.number("examined"),
    returned: one.number("returned"),
    advice: one.text("advice"),
  };
}

function readAlert(one: Fields): Alert {
  return {
    rule: one.name("rule"),
    database: one.text("database"),
    severity: one.text("severity") ?? "ticket",
    state: one.text("state") ?? "firing",
    sinceSeconds: one.number("sinceSeconds"),
    message: one.name("message"),
    observed: one.number("observed"),
    threshold: one.number("threshold"),
  };
}

function readProcess(one: Fields): Process {
  return {
    residentBytes: one.number("residentBytes"),
    cpu: one.number("cpu"),
    openFiles: one.number("openFiles"),
    openFilesLimit: one.number("openFilesLimit"),
  };
}
