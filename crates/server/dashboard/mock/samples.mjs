// Tenants and slow shapes at a moment of the scenario.

import { hasSlowQuery, noise, slowCount } from "./scenario.mjs";

export function tenants(t) {
  const names = [
    "acme",
    "globex",
    "initech",
    "umbrella",
    "stark",
    "wayne",
    "3f9c1a72e0b4",
    "8d21bb90cc17",
    "hooli",
    "vehement",
    "wonka",
    "tyrell",
  ];
  const named = names.map((tenant, index) => {
    const share = (0.42 / (index + 1) ** 1.4) * (1 + 0.04 * noise(t, tenant));
    return {
      tenant,
      calls: Math.round(share * 7200),
      perSecond: share * 24,
      share,
      meanMs: 0.9 + 0.3 * noise(index, "mean"),
    };
  });
  const rest = 1 - named.reduce((sum, one) => sum + one.share, 0);
  return [...named, { tenant: "_other", calls: Math.round(rest * 7200), perSecond: rest * 24, share: rest, meanMs: 1 }];
}

export function slow(t, wall) {
  const old = {
    database: "catalog",
    collection: "audit",
    operation: "find",
    shape: "{ at: { $gte: ? } } sort { at: -1 }",
    count: 3,
    p95Ms: 180,
    maxMs: 240,
    lastAt: new Date(wall - 1_140_000).toISOString(),
    plan: "IXSCAN { at: 1 }",
    examined: 4200,
    returned: 200,
    advice: null,
  };
  const unknown = {
    database: "sales",
    collection: "invoices",
    operation: "aggregate",
    shape: "[ { $match: { state: ? } }, { $group: ? } ]",
    count: 1,
    p95Ms: 133,
    maxMs: 133,
    lastAt: new Date(wall - 400_000).toISOString(),
    plan: null,
    examined: null,
    returned: null,
    advice: null,
  };
  const scan = {
    database: "sales",
    collection: "orders",
    operation: "find",
    shape: "{ buyer: ?, tier: { $in: ? } } sort { createdAt: -1 }",
    count: slowCount(t),
    p95Ms: 440,
    maxMs: 905,
    lastAt: new Date(wall - Math.max(0, t - 125) * 1000).toISOString(),
    plan: "COLLSCAN",
    examined: 120000,
    returned: 20,
    advice: "no index was used: one on { tier: 1, createdAt: -1 } would serve it",
  };
  return hasSlowQuery(t) ? [scan, old, unknown] : [old, unknown];
}
