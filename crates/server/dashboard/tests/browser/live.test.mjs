// What a server tells reaches the page, and what it does not tell is not made up.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missing } from "./browser.mjs";
import { forceOpen } from "./edits.mjs";
import { live, reads, startStage } from "./page.mjs";

describe("the page and its stream", { skip: missing }, () => {
  let stage;
  before(async () => (stage = await startStage()));
  after(() => stage.close());

  test("a killed node is read from the page, and its recovery", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);
    await reads(page, ".headline", /up.*ready/);

    mock.jump("killed", { hold: true });
    await reads(page, ".headline", /down.*not ready/);
    await reads(page, ".headline-reasons", /no server takes writes/);
    await reads(page, ".alerts", /firing.*database-down.*sales/);
    await reads(page, ".servers", /27018\s*unknown/);
    const circuits = await page.locator(".circuit").allTextContents();
    assert.deepEqual(
      circuits.map((text) => /open|closed/.exec(text)?.[0]),
      ["open", "open", "closed"],
    );
    assert.match(await page.title(), /^down · orders-api/);

    mock.jump("recovered", { hold: true });
    await reads(page, ".headline", /up.*ready/);
    assert.deepEqual(await end(), []);
  });

  test("a circuit that is forced open colours the head, though all that is looked at is up", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);
    await page.waitForSelector(".headline-sign .sign.good");

    mock.edit = forceOpen;
    await page.waitForSelector(".headline-sign .sign.bad");
    await reads(page, ".headline-words", /up\s*ready\s*circuit forced-open: sales$/);
    await reads(page, ".fleet-one[aria-current] .fleet-word", /^circuit forced-open$/);
    assert.match(await page.title(), /^circuit forced-open · orders-api/);

    mock.edit = (snapshot) => snapshot;
    await page.waitForSelector(".headline-sign .sign.good");
    assert.deepEqual(await end(), []);
  });

  test("a slow query appears with its plan and advice while the page is open", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);
    assert.doesNotMatch(await page.textContent(".slow"), /COLLSCAN/);

    mock.jump("slow", { hold: true });
    await reads(page, ".slow", /COLLSCAN.*120,000 → 20 \(6,000 each\)/);
    await reads(page, ".slow", /no index was used/);
    assert.deepEqual(await end(), []);
  });

  test("changes of status are spoken, ticks are not", async () => {
    const { page, mock, end } = await stage.open({ hold: false });
    await live(page);
    await page.evaluate(() => {
      window.spoken = [];
      const watch = new MutationObserver(() =>
        window.spoken.push(document.querySelector("[data-announcer]").textContent),
      );
      watch.observe(document.querySelector("[data-announcer]"), {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    await page.waitForTimeout(3_500);
    assert.deepEqual(await page.evaluate(() => window.spoken), []);

    mock.jump("killed", { hold: true });
    await reads(page, "[data-announcer]", /orders-api is down, not ready\./);
    const spoken = await page.evaluate(() => window.spoken.at(-1));
    assert.match(spoken, /Circuit of sales: open\./);
    assert.match(spoken, /Alert database-down of catalog: firing\./);
    assert.deepEqual(await end(), []);
  });

  test("values of a server are text, whatever they hold", async () => {
    const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    const { page, end } = await stage.open({
      prepare: (mock) => {
        mock.edit = (snapshot) =>
          JSON.parse(
            JSON.stringify(snapshot, (key, value) =>
              TEXTS.has(key) && typeof value === "string" ? `${value}${evil}` : value,
            ),
          );
      },
    });
    await live(page);

    await reads(page, ".tenants", /acme<img src=x/);
    await reads(page, ".slow", /<script>/);
    assert.equal(await page.locator("main img, main script").count(), 0);
    assert.doesNotMatch(await page.title(), /^owned/);
    // The stand-in's policy has `require-trusted-types-for 'script'`: innerHTML would be an error.
    assert.deepEqual(await end(), []);
  });

  test("what a server of another version leaves out costs its part of the page only", async () => {
    const { page, end } = await stage.open({
      prepare: (mock) => {
        mock.edit = ({ at, server, health, databases }) => ({
          at,
          server,
          health,
          databases: databases.map(({ name, now }) => ({ name, now })),
        });
      },
    });
    await live(page);

    await reads(page, ".alerts", /Not watched/);
    await reads(page, ".operations", /No call has been made yet/);
    await reads(page, ".deployments", /No deployment is connected/);
    assert.deepEqual(await end(), []);
  });
});

const TEXTS = new Set([
  "tenant",
  "shape",
  "advice",
  "message",
  "reason",
  "address",
  "rule",
  "collection",
  "environment",
]);
