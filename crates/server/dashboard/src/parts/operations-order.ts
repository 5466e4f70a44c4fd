// Rows of the table of operations and their order, which holds still while one reads.

import { useRef } from "preact/hooks";
import type { Database, WindowName } from "../contract/types";
import { count } from "../text/numbers";

export interface Row {
  id: string;
  database: string;
  collection: string;
  operation: string;
  perSecond: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  errorRate: number | null;
  outcomes: [string, number][];
}

export type SortKey = "name" | "perSecond" | "p50Ms" | "p95Ms" | "p99Ms" | "errorRate";

/** How long an order stands: rows that change places each second cannot be read. */
const STANDS_MS = 10_000;

/** Returns every operation of every database with its figures over one window. */
export function rowsOf(databases: Database[], window: WindowName): Row[] {
  return databases.flatMap(({ name: database, operations }) =>
    operations.map(({ collection, operation, windows, outcomes }) => {
      const { perSecond, p50Ms, p95Ms, p99Ms, errorRate } = windows[window];
      const id = `${database} ${collection} ${operation}`;
      return { id, database, collection, operation, perSecond, p50Ms, p95Ms, p99Ms, errorRate, outcomes };
    }),
  );
}

/** Returns the rows by name, or by a figure with the highest first and what is unknown last. */
export function sorted(rows: Row[], key: SortKey): Row[] {
  const byName = (one: Row, other: Row) => (nameOf(one) < nameOf(other) ? -1 : 1);
  if (key === "name") return [...rows].sort(byName);
  const value = (row: Row) => row[key] ?? -1;
  return [...rows].sort((one, other) => value(other) - value(one) || byName(one, other));
}

function nameOf({ collection, operation, database }: Row): string {
  return `${collection}.${operation} ${database}`;
}

/** Returns `2 refused, 1 abandoned`: what did not end well, in the server's order. */
export function failures({ outcomes }: Row): string {
  const bad = outcomes.filter(([name, number]) => name !== "ok" && number > 0);
  return bad.map(([name, number]) => `${count(number)} ${name}`).join(", ");
}

/** Keeps the order of `sort` for a while; new rows join at the end, another `key` sorts at once. */
export function useOrder(rows: Row[], key: string, sort: (rows: Row[]) => Row[]): Row[] {
  const kept = useRef({ key: "", at: 0, ids: [] as string[] });
  if (kept.current.key !== key || Date.now() - kept.current.at > STANDS_MS) {
    kept.current = { key, at: Date.now(), ids: sort(rows).map((row) => row.id) };
  }
  const place = new Map(kept.current.ids.map((id, index) => [id, index]));
  const placeOf = (row: Row) => place.get(row.id) ?? Infinity;
  return [...rows].sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : placeOf(one) > placeOf(other) ? 1 : 0));
}
