// What the charts draw: a point a second per logical database, at most the last 15 minutes.

import { signal } from "@preact/signals";
import type { Point, Snapshot } from "../contract/types";

export const LENGTH_SECONDS = 15 * 60;

/** Points that are further apart have others missing between them. */
const GAP_SECONDS = 2.5;

export class History {
  /** Changes with every point, so that charts know when to draw. */
  readonly version = signal(0);
  /** Whether points came with others missing before them, since the last `load`. */
  hasGap = false;
  #points = new Map<string, Point[]>();

  /** Puts the server's own history in the place of ours where it knows more. */
  load(told: Map<string, Point[]>): void {
    for (const [database, points] of told) {
      this.#points.set(database, merge(this.#points.get(database) ?? [], points));
    }
    this.hasGap = false;
    this.version.value += 1;
  }

  /** Adds the second that a snapshot tells of. */
  add(snapshot: Snapshot): void {
    for (const { name, now } of snapshot.databases) {
      if (now === null) continue;
      const points = upTo(now.at, this.#points.get(name) ?? []);
      const last = points.at(-1);
      if (last !== undefined && now.at - last.at > GAP_SECONDS) this.hasGap = true;
      // Half a second: moments of the history are cut to seconds, those of snapshots are not.
      if (last === undefined || now.at > last.at + 0.5) points.push(now);
      this.#points.set(name, recent(points));
    }
    this.version.value += 1;
  }

  /** Returns the seconds of one database, oldest first. */
  points(database: string): Point[] {
    return this.#points.get(database) ?? [];
  }
}

/** Drops what would lie ahead after the server's clock was set back; the charts would stand still. */
function upTo(at: number, points: Point[]): Point[] {
  const last = points.at(-1);
  const isSetBack = last !== undefined && at < last.at - GAP_SECONDS;
  return isSetBack ? points.filter((point) => point.at < at) : points;
}

/** Keeps of ours what is older than the server's: it forgets when it starts again, we need not. */
function merge(ours: Point[], theirs: Point[]): Point[] {
  const first = theirs[0]?.at ?? Infinity;
  const last = theirs.at(-1)?.at ?? -Infinity;
  const before = ours.filter((point) => point.at < first - 0.5);
  const after = ours.filter((point) => point.at > last + 0.5 && point.at > first);
  return recent([...before, ...theirs, ...after]);
}

function recent(points: Point[]): Point[] {
  const oldest = (points.at(-1)?.at ?? 0) - LENGTH_SECONDS;
  const keep = points.findIndex((point) => point.at >= oldest);
  return keep > 0 ? points.slice(keep) : points;
}
