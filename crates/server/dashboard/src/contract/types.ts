// What the monitor routes tell, in the words of the contract. Null: nothing was observed.

import type { Deployment, Health } from "./types-health";

export * from "./types-health";

export const WINDOWS = ["1m", "5m", "60m"] as const;
export type WindowName = (typeof WINDOWS)[number];

/** Figures over one window; latencies in milliseconds. */
export interface Window {
  calls: number | null;
  errors: number | null;
  perSecond: number | null;
  errorRate: number | null;
  retryRate: number | null;
  p50Ms: number | null;
  p90Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
  waitingMs: number | null;
  driverMs: number | null;
}
export type Windows = Record<WindowName, Window>;

export interface Operation {
  collection: string;
  operation: string;
  windows: Windows;
  /** Outcome and how often, in the server's order. */
  outcomes: [string, number][];
}

/** The figures of one second, as the charts show them. */
export interface Point {
  /** Seconds since 1970, by the server's clock. */
  at: number;
  perSecond: number | null;
  errorsPerSecond: number | null;
  p50Ms: number | null;
  p99Ms: number | null;
}

export interface Pool {
  inUse: number | null;
  idle: number | null;
  connecting: number | null;
  max: number | null;
  created: number | null;
  closed: number | null;
  cleared: number | null;
  checkoutMs: number | null;
}

/** A logical database. */
export interface Database {
  name: string;
  deployment: string;
  windows: Windows;
  now: Point | null;
  circuit: { state: string; reason: string | null; sinceSeconds: number | null };
  bulkhead: { inUse: number | null; limit: number | null; queued: number | null };
  pool: Pool;
  operations: Operation[];
}

export interface Tenant {
  tenant: string;
  calls: number | null;
  perSecond: number | null;
  share: number | null;
  meanMs: number | null;
}

/** Slow calls of one shape. */
export interface Slow {
  database: string;
  collection: string;
  operation: string;
  shape: string;
  count: number | null;
  p95Ms: number | null;
  maxMs: number | null;
  lastAt: number | null;
  plan: string | null;
  examined: number | null;
  returned: number | null;
  advice: string | null;
}

export interface Alert {
  rule: string;
  database: string | null;
  severity: string;
  state: string;
  sinceSeconds: number | null;
  message: string;
  observed: number | null;
  threshold: number | null;
}

export interface Process {
  residentBytes: number | null;
  cpu: number | null;
  openFiles: number | null;
  openFilesLimit: number | null;
}

export interface Identity {
  name: string;
  application: string;
  version: string;
  environment: string;
  pid: number | null;
  uptimeSeconds: number | null;
}

/** All of one server at one moment. */
export interface Snapshot {
  /** Milliseconds since 1970, by the server's clock. */
  at: number | null;
  server: Identity;
  health: Health;
  deployments: Deployment[];
  databases: Database[];
  /** Null where the server does not tell, here and in the next two. */
  tenants: Tenant[] | null;
  slow: Slow[] | null;
  alerts: Alert[] | null;
  process: Process;
}

/** A server that the page can show, and below which path. */
export interface Entry {
  name: string;
  path: string;
}
