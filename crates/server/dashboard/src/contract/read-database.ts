// A logical database of a snapshot: its figures, circuit, limits and operations.

import type { Fields } from "./fields";
import type { Database, Operation, Point, Window, Windows } from "./types";

/** Reads one of `databases`; `at` is the moment of its snapshot. */
export function readDatabase(one: Fields, at: number | null): Database {
  const circuit = one.of("circuit");
  const bulkhead = one.of("bulkhead");
  const pool = one.of("pool");
  return {
    name: one.name("name"),
    deployment: one.name("deployment"),
    windows: readWindows(one.of("windows")),
    // Assumed: `now` is of the second that ended with `at`, since it has no moment of its own.
    now: readPoint(one.of("now"), at),
    circuit: {
      state: circuit.text("state") ?? "unknown",
      reason: circuit.text("reason"),
      sinceSeconds: circuit.number("sinceSeconds"),
    },
    bulkhead: {
      inUse: bulkhead.number("inUse"),
      limit: bulkhead.number("limit"),
      queued: bulkhead.number("queued"),
    },
    pool: {
      inUse: pool.number("inUse"),
      idle: pool.number("idle"),
      connecting: pool.number("connecting"),
      max: pool.number("max"),
      created: pool.number("created"),
      closed: pool.number("closed"),
      cleared: pool.number("cleared"),
      checkoutMs: pool.number("checkoutMs"),
    },
    operations: one.list("operations", readOperation),
  };
}

/** Reads a second's figures, or null where it has no moment or tells nothing. */
export function readPoint(one: Fields, at: number | null): Point | null {
  if (at === null || one.entries().length === 0) return null;
  return {
    at: at / 1000,
    perSecond: one.number("perSecond"),
    errorsPerSecond: one.number("errorsPerSecond"),
    p50Ms: one.number("p50Ms"),
    p99Ms: one.number("p99Ms"),
  };
}

function readOperation(one: Fields): Operation {
  const outcomes = one.of("outcomes");
  return {
    collection: one.name("collection"),
    operation: one.name("operation"),
    windows: readWindows(one.of("windows")),
    outcomes: outcomes.entries().map(([name]) => [name, outcomes.number(name) ?? 0]),
  };
}

function readWindows(all: Fields): Windows {
  return {
    "1m": readWindow(all.of("1m")),
    "5m": readWindow(all.of("5m")),
    "60m": readWindow(all.of("60m")),
  };
}

function readWindow(one: Fields): Window {
  return {
    calls: one.number("calls"),
    errors: one.number("errors"),
    perSecond: one.number("perSecond"),
    errorRate: one.number("errorRate"),
    retryRate: one.number("retryRate"),
    p50Ms: one.number("p50Ms"),
    p90Ms: one.number("p90Ms"),
    p95Ms: one.number("p95Ms"),
    p99Ms: one.number("p99Ms"),
    maxMs: one.number("maxMs"),
    waitingMs: one.number("waitingMs"),
    driverMs: one.number("driverMs"),
  };
}
