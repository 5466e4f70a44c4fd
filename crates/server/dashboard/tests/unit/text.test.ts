import assert from "node:assert/strict";
import { test } from "node:test";
import type { Component } from "../../src/contract/types";
import { figure, latency, measured, percent, rate } from "../../src/text/numbers";
import { ago, span } from "../../src/text/times";
import { observedOf, ownName, troubles } from "../../src/text/words";
import { readSnapshot } from "../../src/contract/read";

test("numbers keep about two digits that matter", () => {
  const shown = [0, 0.004, 0.84, 0.996, 9.1, 9.96, 31.4, 12400, 250].map(figure);

  assert.deepEqual(shown, ["0", "<0.01", "0.84", "1.0", "9.1", "10", "31", "12,400", "250"]);
});

test("a latency changes to seconds where a thousand milliseconds would be shown", () => {
  assert.deepEqual([0.8, 340, 999.4, 999.6, 12_000].map(latency), ["0.80 ms", "340 ms", "999 ms", "1.0 s", "12 s"]);
});

test("what nobody observed is a dash and no zero", () => {
  assert.deepEqual([latency(null), percent(null), rate(null), measured(null, "ms"), span(null)], Array(5).fill("–"));
});

test("a share below one percent is not shown as none", () => {
  assert.deepEqual([percent(0), percent(0.0025), percent(0.00001), percent(1)], ["0 %", "0.25 %", "<0.01 %", "100 %"]);
});

test("spans have at most two units", () => {
  const shown = [0.4, 12, 60, 64, 1234, 7500, 273_600].map(span);

  assert.deepEqual(shown, ["<1 s", "12 s", "1 min", "1 min 4 s", "20 min", "2 h 5 min", "3 d 4 h"]);
});

test("a moment ahead of the clock was just now", () => {
  assert.equal(ago(10_000, 5_000), "<1 s ago");
});

test("a reason tells what was observed against which limit", () => {
  const reason = { code: "replica-lag", message: "", observed: 17, threshold: 15, unit: "s" };

  assert.equal(observedOf(reason), "17 s, limit 15 s");
  assert.equal(observedOf({ ...reason, observed: null }), "");
});

test("a component loses the prefix that is its kind, and no other", () => {
  const component = { name: "database:sales", kind: "database" } as Component;

  assert.equal(ownName(component), "sales");
  assert.equal(ownName({ ...component, kind: "data" }), "database:sales");
});

test("one cause that several databases have is told once, with all their names, what is worst first", () => {
  const open = { code: "circuit", message: "the circuit is open" };
  const late = { code: "replica-lag", message: "it is late" };
  const snapshot = readSnapshot({
    health: {
      components: [
        { name: "deployment:d", kind: "deployment", status: "degraded", reasons: [late] },
        { name: "database:a", kind: "database", status: "down", reasons: [open] },
        { name: "database:b", kind: "database", status: "down", reasons: [open] },
        { name: "process", kind: "process", status: "up", reasons: [{ code: "old", message: "over" }] },
      ],
    },
  });

  const told = troubles(snapshot).map(({ names, reason }) => [names.join(), reason.code]);

  assert.deepEqual(told, [
    ["a,b", "circuit"],
    ["d", "replica-lag"],
  ]);
});
