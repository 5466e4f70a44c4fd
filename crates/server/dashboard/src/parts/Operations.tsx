// The busiest operations of all logical databases, in the order that one asks for.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Database, WindowName } from "../contract/types";
import { WINDOWS } from "../contract/types";
import { latency, percent, rate } from "../text/numbers";
import { Card, Empty, Wide } from "./Card";
import { Choice } from "./Choice";
import { Figure } from "./Figure";
import { failures, rowsOf, sorted, useOrder, type Row, type SortKey } from "./operations-order";

const FIRST = 12;
const LABELS = { "1m": "1 min", "5m": "5 min", "60m": "60 min" } as const;
const CHOICES = WINDOWS.map((value) => ({ value, label: LABELS[value] }));

const COLUMNS: { key: SortKey; title: string; read?: (row: Row) => string }[] = [
  { key: "name", title: "Operation" },
  { key: "perSecond", title: "Calls/s", read: (row) => rate(row.perSecond) },
  { key: "p95Ms", title: "p95", read: (row) => latency(row.p95Ms) },
  { key: "errorRate", title: "Errors", read: (row) => percent(row.errorRate) },
  { key: "p50Ms", title: "p50", read: (row) => latency(row.p50Ms) },
  { key: "p99Ms", title: "p99", read: (row) => latency(row.p99Ms) },
];

export function Operations({ databases }: { databases: Database[] }): JSX.Element {
  const [window, setWindow] = useState<WindowName>("1m");
  const [key, setKey] = useState<SortKey>("perSecond");
  const [isOpen, setOpen] = useState(false);
  const rows = rowsOf(databases, window);
  const ordered = useOrder(rows, `${window} ${key}`, (all) => sorted(all, key));
  const shown = isOpen ? ordered : ordered.slice(0, FIRST);
  return (
    <Card
      title="Operations"
      name="operations"
      aside={<Choice legend="Window" options={CHOICES} value={window} onChoose={setWindow} />}
    >
      {rows.length === 0 && <Empty>No call has been made yet.</Empty>}
      {rows.length > 0 && (
        <Wide label="Table of operations">
          {/* The roles say what it is where a narrow screen lays the rows out otherwise. */}
          <table role="table">
            <caption class="unseen">Operations by collection, over {LABELS[window]}</caption>
            <thead role="rowgroup">
              <tr role="row">
                {COLUMNS.map((column) => (
                  <Heading key={column.key} column={column} isSorted={column.key === key} onSort={setKey} />
                ))}
                <th scope="col" role="columnheader" class="outcomes">
                  Not ok, by outcome
                </th>
              </tr>
            </thead>
            <tbody role="rowgroup">
              {shown.map((row) => (
                <One key={row.id} row={row} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {rows.length > FIRST && (
        <button type="button" class="more" onClick={() => setOpen(!isOpen)}>
          {isOpen ? `Show the first ${FIRST}` : `Show all ${rows.length}`}
        </button>
      )}
    </Card>
  );
}

interface HeadingProps {
  column: { key: SortKey; title: string };
  isSorted: boolean;
  onSort: (key: SortKey) => void;
}

function Heading({ column, isSorted, onSort }: HeadingProps): JSX.Element {
  const { key, title } = column;
  const isName = key === "name";
  const direction = isName ? "ascending" : "descending";
  return (
    <th scope="col" role="columnheader" class={isName ? "" : "number"} {...(isSorted && { "aria-sort": direction })}>
      <button type="button" class="sort" onClick={() => onSort(key)}>
        {isSorted && (
          <span class="sort-sign" aria-hidden="true">
            {isName ? "↑" : "↓"}
          </span>
        )}
        {title}
      </button>
    </th>
  );
}

function One({ row }: { row: Row }): JSX.Element {
  const bad = failures(row);
  return (
    <tr role="row">
      <th scope="row" role="rowheader">
        <span class="operation">
          {row.collection}.<wbr />
          {row.operation}
        </span>
        <span class="kind">{row.database}</span>
      </th>
      {COLUMNS.map(({ key, read }) =>
        read ? (
          <td
            role="cell"
            class={`number ${key === "errorRate" && (row.errorRate ?? 0) >= 0.01 ? "loud" : ""}`}
            key={key}
          >
            <Figure text={read(row)} />
          </td>
        ) : null,
      )}
      <td role="cell" class={`outcomes ${bad === "" ? "nothing" : ""}`}>
        {bad === "" ? <span class="none">none</span> : bad}
      </td>
    </tr>
  );
}
