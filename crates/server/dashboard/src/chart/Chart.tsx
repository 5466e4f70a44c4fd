// A chart with its legend, which reads the newest second or the one that is pointed at.
//
// The moment pointed at is shared by all charts: what one shows is seen in the others too. By
// keyboard a chart is a slider over time.

import { signal, useComputed, useSignalEffect } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { History } from "../feed/history";
import { appearance } from "../parts/theme";
import { clock } from "../text/times";
import type { Kind } from "./kinds";
import { columns, draw } from "./plot";
import { moved } from "./steer";
import { inSteps, type Series } from "./steps";
import { momentText, nearest, summary } from "./summary";

/** The moment that is pointed at, in seconds since 1970. */
const pointed = signal<number | null>(null);

export function Chart({ kind, database, history }: { kind: Kind; database: string; history: History }) {
  const summaryId = useId();
  const series = useComputed(() => {
    history.version.value;
    return inSteps(history.points(database));
  });
  const index = useComputed(() => (pointed.value === null ? -1 : nearest(series.value, pointed.value)));
  const figure = useRef<HTMLElement>(null);
  const { surface, cursor } = usePlot(kind, figure, series, index);

  const onKeyDown = (event: KeyboardEvent) => {
    const to = moved(event.key, index.value, series.value.at.length);
    if (to === undefined) return;
    event.preventDefault();
    pointed.value = to === null ? null : (series.value.at[to] ?? null);
  };
  const shown = index.value < 0 ? series.value.at.length - 1 : index.value;
  return (
    <figure class="chart" ref={figure}>
      <figcaption>
        <span class="chart-title">{kind.title}</span>
        {kind.lines.map((line) => (
          <span class="legend" key={line.label}>
            <span class={`swatch ${line.tone}`} aria-hidden="true" />
            {line.label} <b>{kind.read(series.value[line.column][shown] ?? null)}</b>
          </span>
        ))}
        <span class="chart-moment">{index.value < 0 ? "" : `at ${clock((series.value.at[shown] ?? 0) * 1000)}`}</span>
      </figcaption>
      <div
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`${kind.title} of ${database}, moment`}
        aria-describedby={summaryId}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, series.value.at.length - 1)}
        aria-valuenow={Math.max(0, shown)}
        aria-valuetext={index.value < 0 ? "newest; arrow keys go back" : momentText(kind, series.value, shown)}
        onKeyDown={onKeyDown}
        onBlur={() => (pointed.value = null)}
        onPointerMove={(event) => (pointed.value = surface.timeAt(event))}
        onPointerLeave={() => (pointed.value = null)}
        ref={surface.ref}
      >
        <div class="chart-cursor" ref={cursor} hidden />
        {series.value.at.length === 0 && <p class="chart-empty">No second has been measured yet.</p>}
      </div>
      <p class="unseen" id={summaryId}>
        {summary(kind, series.value)}
      </p>
    </figure>
  );
}

type Read<T> = { readonly value: T };

/** Keeps the drawing in step with data, size, theme and the moment that is pointed at. */
function usePlot(kind: Kind, figure: { current: HTMLElement | null }, series: Read<Series>, index: Read<number>) {
  const ref = useRef<HTMLDivElement>(null);
  const cursor = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);

  useEffect(() => {
    const into = ref.current;
    if (into === null) return;
    const colours = (name: string) => colourOf(figure.current, name);
    const made = draw(into, kind, series.value, colours);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: into.clientWidth, height: into.clientHeight }));
    watcher.observe(into);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useSignalEffect(() => plot.current?.setData(columns(kind, series.value)));
  useSignalEffect(() => {
    appearance.value;
    plot.current?.redraw(false, true);
  });
  useSignalEffect(() => {
    const at = series.value.at[index.value];
    if (cursor.current === null) return;
    cursor.current.hidden = at === undefined;
    const left = plot.current && at !== undefined ? plot.current.valToPos(at, "x") + plot.current.over.offsetLeft : 0;
    cursor.current.style.transform = `translateX(${left}px)`;
  });

  const timeAt = (event: PointerEvent): number | null => {
    const over = plot.current?.over.getBoundingClientRect();
    return over && plot.current ? plot.current.posToVal(event.clientX - over.left, "x") : null;
  };
  return { surface: { ref, timeAt }, cursor };
}

/** Reads colours off elements: a canvas knows no style sheet, and custom properties come unresolved. */
function colourOf(figure: HTMLElement | null, name: string): string {
  if (figure === null) return "gray";
  if (name === "axis") return getComputedStyle(figure).color;
  if (name === "grid") return getComputedStyle(figure).borderTopColor;
  if (name === "errors-fill") return getComputedStyle(figure.querySelector(".swatch.errors") ?? figure).backgroundColor;
  return getComputedStyle(figure.querySelector(`.swatch.${name}`) ?? figure).color;
}
