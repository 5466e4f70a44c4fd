// A logical database at a moment of the scenario: windows, circuit, limits, operations.

import { circuit, second } from "./scenario.mjs";

const OPERATIONS = {
  sales: [
    ["orders", "find_one", 0.46],
    ["orders", "find", 0.2],
    ["invoices", "find", 0.11],
    ["orders", "update_one", 0.09],
    ["payments", "insert_one", 0.06],
    ["returns", "find", 0.04],
    ["orders", "insert_one", 0.02],
    ["shipments", "insert_one", 0.01],
    ["buyers", "find_one", 0.01],
  ],
  catalog: [
    ["products", "find_one", 0.7],
    ["prices", "find_one", 0.2],
    ["audit", "insert_one", 0.1],
  ],
  shared: [["plans", "find", 1]],
};

/** Returns one of a snapshot's `databases`. */
export function database(t, name) {
  const { queued, ...now } = second(t, name);
  const isShared = name === "shared";
  return {
    name,
    deployment: isShared ? "mongoplex-9c02" : "mongoplex-1f3a",
    windows: windows(t, name, 1),
    now,
    circuit: isShared ? circuit(t % 1) : circuit(t),
    bulkhead: { inUse: now.inUse, limit: 8, queued },
    pool: {
      inUse: now.inUse,
      idle: 10 - now.inUse,
      connecting: 0,
      max: 10,
      created: 14,
      closed: 4,
      cleared: t > 140 ? 1 : 0,
      checkoutMs: 0.02,
    },
    operations: OPERATIONS[name].map(([collection, operation, share], index) => ({
      collection,
      operation,
      windows: windows(t, name, share, index),
      outcomes: {
        ok: Math.round(9000 * share),
        refused: index === 1 ? 2 : 0,
        late: 0,
        rejected: t > 143 && !isShared ? Math.round(190 * share) : 0,
        ambiguous: 0,
        abandoned: index === 0 ? 1 : 0,
        failed: 0,
      },
    })),
  };
}

function windows(t, name, share, index = 0) {
  const over = (seconds, step) => {
    const all = [];
    for (let before = 0; before < seconds; before += step) all.push(second(t - before, name));
    const mean = (read) => {
      const known = all.map(read).filter((value) => value !== null);
      return known.reduce((sum, one) => sum + one, 0) / Math.max(1, known.length);
    };
    const perSecond = mean((one) => one.perSecond) * share;
    const errorRate = perSecond === 0 ? 0 : (mean((one) => one.errorsPerSecond) * share) / perSecond;
    const p99Ms = mean((one) => one.p99Ms) * (index === 1 ? 1.2 : 0.5 + share);
    const calls = Math.round(perSecond * seconds);
    if (calls === 0) return { calls: 0, errors: 0, retries: 0, perSecond: 0, errorRate: null, retryRate: null };
    return {
      calls,
      errors: Math.round(calls * errorRate),
      retries: 1,
      perSecond,
      errorRate,
      retryRate: 0.0008,
      p50Ms: mean((one) => one.p50Ms),
      p90Ms: p99Ms * 0.2 + 0.6,
      p95Ms: p99Ms * 0.3 + 0.6,
      p99Ms,
      maxMs: p99Ms * 3.1,
      waitingMs: 0.01,
      driverMs: 0.95,
    };
  };
  return { "1m": over(60, 1), "5m": over(300, 5), "60m": over(3600, 60) };
}
