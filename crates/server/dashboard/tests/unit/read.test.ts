import assert from "node:assert/strict";
import { test } from "node:test";
import { readHistory, readServers, readSnapshot } from "../../src/contract/read";

test("nothing that a server answers makes reading fail", () => {
  for (const json of [null, undefined, 7, "text", [], {}, { health: 3, databases: "x", alerts: [null, 4] }]) {
    const snapshot = readSnapshot(json);

    assert.equal(snapshot.health.status, "unknown");
    assert.deepEqual(snapshot.deployments, []);
  }
});

test("what a server does not tell is told from what is not there", () => {
  assert.equal(readSnapshot({}).alerts, null);
  assert.deepEqual(readSnapshot({ alerts: [] }).alerts, []);
});

test("a status of a later version reads unknown, which is not up", () => {
  assert.equal(readSnapshot({ health: { status: "splendid" } }).health.status, "unknown");
});

test("numbers that are none, or infinite, are absent", () => {
  const [check] = readSnapshot({
    health: { components: [{ checks: [{ observed: "17", threshold: Infinity, status: "up" }] }] },
  }).health.components[0]!.checks;

  assert.equal(check?.observed, null);
  assert.equal(check?.threshold, null);
});

test("the figures of a second take the moment of their snapshot", () => {
  const snapshot = readSnapshot({
    at: "2026-11-21T19:40:00.500Z",
    databases: [{ name: "a", now: { perSecond: 3 } }, { name: "b" }],
  });

  assert.equal(snapshot.databases[0]?.now?.at, Date.UTC(2026, 10, 21, 19, 40, 0, 500) / 1000);
  assert.equal(snapshot.databases[1]?.now, null);
});

test("points of the history without a moment are left out", () => {
  const history = readHistory({
    databases: {
      a: [
        { at: "2026-11-21T19:40:00Z", p99Ms: 8 },
        { at: "soon", p99Ms: 9 },
      ],
    },
  });

  assert.deepEqual(
    history.get("a")?.map((point) => point.p99Ms),
    [8],
  );
});

test("a server's path leads nowhere but to this origin", () => {
  const paths = ["/monitor", "//evil.example/monitor", "/\\evil.example", "https://evil.example/", ""];
  const servers = readServers({ servers: paths.map((path, index) => ({ name: `s${index}`, path })) });

  assert.deepEqual(
    servers.map(({ path }) => path),
    ["/monitor"],
  );
});
