// Slow calls by their shape: what they looked at, and what would help.

import type { JSX } from "preact";
import type { Slow } from "../contract/types";
import { count, latency, NOTHING } from "../text/numbers";
import { ago } from "../text/times";
import { Card, Empty } from "./Card";
import { Figure } from "./Figure";

export function SlowShapes({ slow, at }: { slow: Slow[] | null; at: number | null }): JSX.Element {
  const sorted = [...(slow ?? [])].sort((one, other) => (other.p95Ms ?? 0) - (one.p95Ms ?? 0));
  return (
    <Card title="Slow shapes" name="slow">
      {slow === null && <Empty>Not recorded: this server keeps no slow calls.</Empty>}
      {slow?.length === 0 && <Empty>No call was slow.</Empty>}
      {sorted.length > 0 && (
        <ul class="slow-list">
          {sorted.map((one) => (
            <Shape key={`${one.database} ${one.collection} ${one.operation} ${one.shape}`} slow={one} at={at} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Shape({ slow, at }: { slow: Slow; at: number | null }): JSX.Element {
  const { database, collection, operation, shape, plan, advice } = slow;
  return (
    <li class="slow-one">
      <p class="slow-where">
        <b>
          {collection}.<wbr />
          {operation}
        </b>
        <span class="kind">{database}</span>
      </p>
      <code class="shape">{shape}</code>
      {advice && <p class="advice">{advice}</p>}
      <dl class="slow-figures">
        <Pair title="times" text={count(slow.count)} />
        <Pair title="p95" text={latency(slow.p95Ms)} />
        <Pair title="longest" text={latency(slow.maxMs)} />
        <Pair title="last" text={ago(slow.lastAt, at)} />
        <Pair title="plan" text={plan ?? NOTHING} isPlain />
        <Pair title="examined → returned" text={examined(slow)} isPlain />
      </dl>
    </li>
  );
}

function Pair({ title, text, isPlain }: { title: string; text: string; isPlain?: true }): JSX.Element {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{isPlain && text !== NOTHING ? text : <Figure text={text} />}</dd>
    </div>
  );
}

function examined({ examined, returned }: Slow): string {
  if (examined === null || returned === null) return NOTHING;
  const each = returned > 0 && examined > returned ? ` (${count(examined / returned)} each)` : "";
  return `${count(examined)} → ${count(returned)}${each}`;
}
