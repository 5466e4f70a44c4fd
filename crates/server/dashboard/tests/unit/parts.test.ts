import assert from "node:assert/strict";
import { test } from "node:test";
import { decades, fromZero, minutes, powers, roundTicks, timeRange } from "../../src/chart/axes";
import { LATENCY } from "../../src/chart/kinds";
import { moved } from "../../src/chart/steer";
import { inSteps } from "../../src/chart/steps";
import { nearest, summary } from "../../src/chart/summary";
import { readSnapshot } from "../../src/contract/read";
import { Feed } from "../../src/feed/feed";
import { changes, factsOf, kept } from "../../src/parts/changes";
import { failures, rowsOf, sorted } from "../../src/parts/operations-order";

test("the axis of latencies has whole decades, and shows a fast and a slow value at once", () => {
  assert.deepEqual(decades(0.7, 9.5), [0.1, 10]);
  assert.deepEqual(decades(0.7, 930), [0.1, 1000]);
  assert.deepEqual(decades(null, null), [1, 100]);
  assert.deepEqual(
    powers([0.1, 1000]).map((power) => Number(power.toPrecision(1))),
    [0.1, 1, 10, 100, 1000],
  );
});

test("the axis of rates begins at zero and ends at a round number above all values", () => {
  for (const most of [null, 0, 0.4, 3.3, 21, 999, 12_345]) {
    const [low, high] = fromZero(most);
    assert.equal(low, 0);
    assert.ok(high > (most ?? 0));
    assert.ok(roundTicks([low, high]).length <= 5, `${most}: ${roundTicks([low, high])}`);
  }
});

test("the time axis is as long as what is known, up to a quarter of an hour", () => {
  assert.deepEqual(
    [timeRange(0, 30), timeRange(0, 200), timeRange(0, 900)],
    [
      [-90, 30],
      [-100, 200],
      [0, 900],
    ],
  );
  assert.deepEqual(minutes([0, 900]), [0, 180, 360, 540, 720]);
});

test("keys move by a step, by twelve, and to the ends; others are left to the page", () => {
  assert.deepEqual(
    [
      moved("ArrowLeft", -1, 180),
      moved("PageDown", 100, 180),
      moved("Home", 5, 180),
      moved("End", 5, 180),
      moved("ArrowRight", 179, 180),
    ],
    [178, 88, 0, 179, 179],
  );
  assert.equal(moved("Escape", 5, 180), null);
  assert.equal(moved("Tab", 5, 180), undefined);
});

test("a chart says in words what it shows", () => {
  const points = [8, 930, null, 9].map((p99Ms, index) => ({
    at: index * 2,
    perSecond: 1,
    errorsPerSecond: 0,
    p50Ms: 1,
    p99Ms,
  }));
  const series = inSteps(points);

  const text = summary(LATENCY, series);

  assert.match(text, /p99: now 9 ms, between 8 ms and 930 ms, highest at \d\d:\d\d:02, none in 2 s\./);
  assert.equal(nearest(series, 2.4), 1);
  assert.equal(summary(LATENCY, inSteps([])), "No figures yet.");
});

const snapshot = (status: string, circuit: string, at: number) => ({
  at: new Date(at).toISOString(),
  health: { status, ready: true },
  databases: [{ name: "sales", circuit: { state: circuit, sinceSeconds: at } }],
  alerts: [{ rule: "late", state: "pending" }],
});

test("a tick is no change; a status, a circuit and an alert that fires are", () => {
  const feed = new Feed({ name: "api", path: "/monitor" });
  feed.take(snapshot("up", "closed", Date.now()));
  const first = factsOf(feed);

  feed.take(snapshot("up", "closed", Date.now() + 1000));
  assert.deepEqual(changes(first, factsOf(feed)), []);

  feed.take({ ...snapshot("down", "open", Date.now() + 2000), alerts: [{ rule: "late", state: "firing" }] });
  const sentences = changes(first, factsOf(feed));
  assert.deepEqual(sentences, ["api is down, ready.", "Circuit of sales: open.", "Alert late: firing."]);
});

test("while data are old nothing is taken for changed, and afterwards only what has", () => {
  const feed = new Feed({ name: "api", path: "/monitor" });
  feed.take(snapshot("up", "closed", Date.now()));
  const before = factsOf(feed);

  feed.link.value = { state: "lost", reason: "its stream broke", retryAt: null };
  const broken = factsOf(feed);
  assert.deepEqual(changes(before, broken), ["Old data. api: its stream broke."]);

  feed.take(snapshot("up", "closed", Date.now() + 1000));
  assert.deepEqual(changes(kept(before, broken), factsOf(feed)), ["api: live data."]);
});

const operation = (name: string, perSecond: number | null, outcomes = {}) => ({
  collection: "c",
  operation: name,
  windows: { "1m": { perSecond } },
  outcomes,
});

test("operations are ordered by a figure, those without it last, equal ones by name", () => {
  const { databases } = readSnapshot({
    databases: [
      { name: "d", operations: [operation("none", null), operation("b", 2), operation("a", 2), operation("busy", 9)] },
    ],
  });

  const names = sorted(rowsOf(databases, "1m"), "perSecond").map((row) => row.operation);

  assert.deepEqual(names, ["busy", "a", "b", "none"]);
});

test("only outcomes that are not ok are told", () => {
  const { databases } = readSnapshot({
    databases: [{ name: "d", operations: [operation("a", 1, { ok: 900, refused: 2, late: 0, abandoned: 1 })] }],
  });

  assert.equal(failures(rowsOf(databases, "1m")[0]!), "2 refused, 1 abandoned");
});
