import assert from "node:assert/strict";
import { test } from "node:test";
import type { Point, Snapshot } from "../../src/contract/types";
import { inSteps } from "../../src/chart/steps";
import { Feed } from "../../src/feed/feed";
import { History } from "../../src/feed/history";
import { pause, pauseAfter } from "../../src/feed/pause";
import { EventCutter } from "../../src/feed/sse";

const point = (at: number, p99Ms: number | null = 8): Point => ({
  at,
  perSecond: 20,
  errorsPerSecond: 0,
  p50Ms: 1,
  p99Ms,
});
const second = (at: number, p99Ms?: number | null) =>
  ({ databases: [{ name: "a", now: point(at, p99Ms) }] }) as unknown as Snapshot;
const times = (history: History) => history.points("a").map(({ at }) => at);

test("events are whole however the text is cut", () => {
  const text =
    ': comment\r\n\r\nevent: snapshot\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata: x\n\nevent: drain\ndata: {}\n\n';
  const whole = [
    { name: "snapshot", data: '{"a":\n1}' },
    { name: "message", data: "x" },
    { name: "drain", data: "{}" },
  ];

  for (let size = 1; size <= text.length; size += 1) {
    const cutter = new EventCutter();
    const events = [];
    for (let at = 0; at < text.length; at += size) events.push(...cutter.push(text.slice(at, at + size)));
    assert.deepEqual(events, whole, `in pieces of ${size}`);
  }
});

test("pauses grow, end at a limit, and are spread by a fifth", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 50].map((failures) => pauseAfter(failures, () => 0.5)),
    [1000, 2000, 4000, 8000, 15000, 15000],
  );
  assert.deepEqual([pauseAfter(1, () => 0), pauseAfter(1, () => 1)], [800, 1200]);
});

test("a pause ends at once when it is woken or given up", async () => {
  const hour = 3_600_000;
  const giveUp = new AbortController();

  await pause(hour, new AbortController().signal, (wake) => wake());
  giveUp.abort();
  await pause(hour, giveUp.signal);
});

test("a snapshot that is no newer is no news", () => {
  const feed = new Feed({ name: "a", path: "/monitor" });

  feed.take({ at: "2026-11-21T19:40:00Z", server: { name: "first" } });
  feed.heardAt.value = 1;
  feed.take({ at: "2026-11-21T19:40:00Z", server: { name: "again" } });

  assert.equal(feed.heardAt.value, 1);
  assert.equal(feed.snapshot.value?.server.name, "first");
});

test("the server's history takes the place of ours, and we keep what it has forgotten", () => {
  const history = new History();
  for (const at of [100, 101, 110.4, 111.4]) history.add(second(at));

  history.load(new Map([["a", [point(109), point(110), point(111)]]]));

  assert.deepEqual(times(history), [100, 101, 109, 110, 111]);
});

test("a quarter of an hour is kept and no more", () => {
  const history = new History();
  for (let at = 0; at <= 2000; at += 1) history.add(second(at));

  assert.equal(times(history).at(0), 1100);
  assert.equal(times(history).length, 901);
});

test("missing seconds are noticed, and no more once the history was read", () => {
  const history = new History();
  history.add(second(100));
  history.add(second(101));
  assert.equal(history.hasGap, false);

  history.add(second(105));
  assert.equal(history.hasGap, true);

  history.load(new Map());
  assert.equal(history.hasGap, false);
});

test("a clock that is set back does not stop the charts", () => {
  const history = new History();
  for (const at of [5000, 5001, 1400, 1401]) history.add(second(at));

  assert.deepEqual(times(history), [1400, 1401]);
});

test("of a step the worst p99 is shown, and the mean of calls", () => {
  const points = Array.from({ length: 900 }, (_, at) => ({ ...point(at, at === 452 ? 930 : 8), perSecond: at % 5 }));

  const series = inSteps(points);

  assert.equal(series.step, 5);
  assert.equal(series.at.length, 180);
  assert.deepEqual(
    series.p99Ms.filter((value) => value !== 8),
    [930],
  );
  assert.equal(series.at[series.p99Ms.indexOf(930)], 450);
  assert.ok(series.perSecond.every((value) => value === 2));
});

test("where nothing is known lines are broken", () => {
  const series = inSteps([point(0), point(1), point(8), point(9, null)]);

  assert.deepEqual(series.at, [0, 2, 4, 6, 8]);
  assert.deepEqual(series.p99Ms, [8, null, null, null, 8]);
  assert.deepEqual(inSteps([]).at, []);
});
