// The two charts of a logical database: which lines they have and how their values read.

import { figure, latency, NOTHING } from "../text/numbers";
import type { Column } from "./steps";

/** One line. Lines differ in width and dash too, not in colour alone. */
export interface Line {
  column: Column;
  label: string;
  /** The class whose `color` it is drawn in. */
  tone: "p50" | "p99" | "calls" | "errors";
  width: number;
  dash?: number[];
  isFilled?: true;
}

export interface Kind {
  title: string;
  /** Latencies lie decades apart when something happens: there only a logarithm shows both. */
  scale: "linear" | "logarithmic";
  lines: [Line, Line];
  read: (value: number | null) => string;
}

export const LATENCY: Kind = {
  title: "Latency",
  scale: "logarithmic",
  lines: [
    { column: "p99Ms", label: "p99", tone: "p99", width: 1.75 },
    { column: "p50Ms", label: "p50", tone: "p50", width: 1.5, dash: [4, 3] },
  ],
  read: latency,
};

export const THROUGHPUT: Kind = {
  title: "Calls/s",
  scale: "linear",
  lines: [
    { column: "perSecond", label: "calls", tone: "calls", width: 1.5 },
    { column: "errorsPerSecond", label: "errors", tone: "errors", width: 1.5, isFilled: true },
  ],
  read: (value) => (value === null ? NOTHING : figure(value)),
};
