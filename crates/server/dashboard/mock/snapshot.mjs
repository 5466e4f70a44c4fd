// A snapshot of one server at a moment of the scenario, and the history before it.

import { database } from "./database.mjs";
import { health } from "./health.mjs";
import { slow, tenants } from "./samples.mjs";
import { alerts, budget, nodes, noise, second } from "./scenario.mjs";

const SERVERS = {
  "orders-api": ["catalog", "sales", "shared"],
  "back-office": ["catalog", "sales"],
  reports: ["sales"],
};
export const NAMES = Object.keys(SERVERS);

export function snapshot(t, wall, server) {
  const databases = SERVERS[server];
  return {
    version: 1,
    at: new Date(wall).toISOString(),
    server: {
      name: server,
      application: "shop",
      version: "0.1.0",
      environment: "development",
      pid: 4711 + NAMES.indexOf(server),
      uptimeSeconds: 1234 + t,
    },
    health: health(t, databases),
    deployments: deployments(t, databases),
    databases: databases.map((name) => database(t, name)),
    tenants: tenants(t),
    slow: slow(t, wall),
    alerts: alerts(t).filter(({ database }) => database === null || databases.includes(database)),
    process: {
      residentBytes: 64e6 + 1e6 * noise(t, "rss"),
      cpu: 0.12 + 0.04 * noise(t, "cpu"),
      openFiles: 61,
      openFilesLimit: 1024,
    },
  };
}

export function history(t, wall, server) {
  const points = (name) =>
    Array.from({ length: 900 }, (_, index) => {
      const before = 900 - index;
      const { queued, ...point } = second(t - before, name);
      return { at: new Date(Math.floor((wall - before * 1000) / 1000) * 1000).toISOString(), ...point };
    });
  return { databases: Object.fromEntries(SERVERS[server].map((name) => [name, points(name)])) };
}

function deployments(t, databases) {
  const own = databases.filter((name) => name !== "shared");
  const first = {
    name: "mongoplex-1f3a",
    databases: own,
    budget: { tokens: budget(t), capacity: 500 },
    servers: nodes(t),
  };
  const lone = {
    name: "mongoplex-9c02",
    databases: ["shared"],
    budget: { tokens: 500, capacity: 500 },
    servers: [{ address: "127.0.0.1:27100", kind: "standalone", roundTripMs: 0.7, lagSeconds: null }],
  };
  return databases.includes("shared") ? [first, lone] : [first];
}
