// uPlot as this page uses it: two lines over time, no legend and no cursor of its own.

import uPlot from "uplot";
import { figure, latency } from "../text/numbers";
import { decades, fromZero, LEAST_MS, minutes, powers, roundTicks, timeRange } from "./axes";
import type { Kind, Line } from "./kinds";
import type { Series } from "./steps";

/** Returns the colour of a class of the style sheet, as it is now, light or dark. */
export type Colours = (name: string) => string;

const shortTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const exactTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** Draws a chart into `into`. */
export function draw(into: HTMLElement, kind: Kind, series: Series, colours: Colours): uPlot {
  return new uPlot(options(into, kind, colours), columns(kind, series), into);
}

/** Returns the data as uPlot takes them. */
export function columns(kind: Kind, series: Series): uPlot.AlignedData {
  const values = kind.lines.map(({ column }) =>
    kind.scale === "linear"
      ? series[column]
      : series[column].map((value) => (value === null ? null : Math.max(LEAST_MS, value))),
  );
  return [series.at, ...values];
}

function options(into: HTMLElement, kind: Kind, colours: Colours): uPlot.Options {
  const isLog = kind.scale === "logarithmic";
  return {
    width: into.clientWidth,
    height: into.clientHeight,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: (plot) => timeRange(plot.data[0][0] ?? 0, plot.data[0].at(-1) ?? 0) },
      y: isLog
        ? { distr: 3, range: (_, least, most) => decades(least, most) }
        : { range: (_, __, most) => fromZero(most) },
    },
    axes: [timeAxis(colours), valueAxis(isLog, colours)],
    series: [{}, ...kind.lines.map((line) => lineOf(line, colours))],
  };
}

const FONT = "12px system-ui, sans-serif";
/** Between labels and lines. */
const GAP = 6;

function timeAxis(colours: Colours): uPlot.Axis {
  return {
    stroke: () => colours("axis"),
    font: FONT,
    size: 24,
    gap: 4,
    grid: { show: false },
    ticks: { stroke: () => colours("grid"), width: 1, size: 4 },
    splits: (_, __, from, until) => minutes([from, until]),
    values: (_, ticks) => ticks.map(timeLabel),
  };
}

function timeLabel(at: number): string {
  return (at % 60 === 0 ? shortTime : exactTime).format(at * 1000);
}

function valueAxis(isLog: boolean, colours: Colours): uPlot.Axis {
  return {
    stroke: () => colours("axis"),
    font: FONT,
    size: (plot, labels) => widthOf(plot, labels ?? []),
    gap: GAP,
    grid: { stroke: () => colours("grid"), width: 1 },
    ticks: { show: false },
    splits: (_, __, low, high) => (isLog ? powers([low, high]) : roundTicks([low, high])),
    // The logarithm's own filter would drop labels; these are few as it is.
    filter: (_, ticks) => ticks,
    values: (_, ticks) => ticks.map((tick) => (isLog ? decadeLabel(tick) : roundLabel(tick))),
  };
}

/** Returns how wide the axis is: as its longest label, or as those of the other charts where these are short. */
function widthOf({ ctx }: uPlot, labels: string[]): number {
  ctx.save();
  ctx.font = FONT;
  const widest = Math.max(0, ...labels.map((label) => ctx.measureText(label).width));
  ctx.restore();
  return Math.max(52, Math.ceil(widest) + GAP + 2);
}

function roundLabel(value: number): string {
  return value < 1 ? String(Number(value.toPrecision(2))) : figure(value);
}

function decadeLabel(ms: number): string {
  return ms < 1 ? `${Number(ms.toPrecision(1))} ms` : latency(ms);
}

function lineOf(line: Line, colours: Colours): uPlot.Series {
  return {
    stroke: () => colours(line.tone),
    width: line.width,
    ...(line.dash && { dash: line.dash }),
    ...(line.isFilled && { fill: () => colours("errors-fill") }),
    spanGaps: false,
    // A second between silent ones is no line: it would not be seen.
    points: {
      show: true,
      size: 4,
      fill: () => colours(line.tone),
      filter: (plot, index) => lone(plot.data[index] ?? []),
    },
  };
}

function lone(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    const isThere = values[index] != null;
    if (isThere && values[index - 1] == null && values[index + 1] == null) found.push(index);
  }
  return found;
}
