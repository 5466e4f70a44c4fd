// Old data are called old, and the page comes back by itself.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missing } from "./browser.mjs";
import { live, reads, startStage, waitUntil } from "./page.mjs";

describe("the page and a server that falls silent", { skip: missing }, () => {
  let stage;
  before(async () => (stage = await startStage()));
  after(() => stage.close());

  test("a stream that breaks is said plainly, what is shown is dimmed, and it reconnects", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);

    mock.answers = "no";
    mock.cut();
    await reads(page, ".banner", /Old data: nothing new since \d\d:\d\d:\d\d/);
    await reads(page, ".banner", /orders-api: it(s stream broke| cannot be reached)\. Trying again/);
    await reads(page, ".headline", /was up.*was ready.*old data/);
    await reads(page, "[data-announcer]", /^Old data\./);
    assert.match(await page.title(), /^no data/);
    assert.equal(await dimming(page), "grayscale(1) 0.7");

    mock.answers = "yes";
    mock.jump("degraded", { hold: true });
    await live(page);
    await reads(page, ".headline", /degraded/);
    assert.equal(await page.locator(".banner").count(), 0);
    assert.equal(await dimming(page), "none 1");
    assert.equal(mock.streams, 1);
    assert.deepEqual(await end(), []);
  });

  test("pauses between attempts grow, and `Try now` cuts one short", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);
    const attempts = () => mock.requests.filter((path) => path === "/monitor/stream").length;
    const before = attempts();

    mock.answers = "refuse";
    mock.cut();
    await page.waitForTimeout(5_000);
    // After about 1 and 3 seconds; the next is due after about 7.
    assert.equal(attempts() - before, 2);
    await reads(page, ".banner", /it answered 503: no more readers/);

    mock.answers = "yes";
    await page.getByRole("button", { name: "Try now" }).click();
    await page.waitForSelector(".freshness.live", { timeout: 1_500 });
    assert.deepEqual(await end(), []);
  });

  test("a stream that stays open and tells nothing is old after five seconds", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);

    mock.answers = "silent";
    await reads(page, ".banner", /is open, but tells nothing new/);
    assert.equal(mock.streams, 1);

    mock.answers = "yes";
    await live(page);
    assert.deepEqual(await end(), []);
  });

  test("the same snapshot again and again is no news", async () => {
    const at = new Date().toISOString();
    const { page, end } = await stage.open({ prepare: (mock) => (mock.edit = (snapshot) => ({ ...snapshot, at })) });

    await reads(page, ".banner", /tells nothing new/);
    assert.deepEqual(await end(), []);
  });

  test("a server that drains says so, and is found again when it is back", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);

    mock.answers = "no";
    mock.drain();
    await reads(page, ".banner", /goes down: it said so/);

    mock.answers = "yes";
    await live(page);
    assert.deepEqual(await end(), []);
  });

  test("the charts show what was missed while the stream was away", async () => {
    const { page, mock, end } = await stage.open({ hold: false });
    await live(page);
    const asked = () => mock.requests.filter((path) => path === "/monitor/history").length;
    assert.equal(asked(), 1);

    mock.cut();
    await page.waitForFunction(() => document.querySelector(".freshness.stale"));
    await live(page);
    await page.waitForFunction(() => document.querySelectorAll(".plot canvas").length > 0);
    await waitUntil(() => asked() === 2);
    assert.deepEqual(await end(), []);
  });

  test("without a list of servers the page says why, and begins when there is one", async () => {
    const { page, mock, end } = await stage.open({ prepare: (mock) => (mock.isOff = true) });

    await reads(page, "main", /\/monitor\/servers.*answered 404: the monitors are off/);

    mock.isOff = false;
    await live(page);
    assert.deepEqual(await end(), []);
  });
});

const dimming = (page) =>
  page.evaluate(() => {
    const { filter, opacity } = getComputedStyle(document.querySelector(".plot"));
    return `${filter} ${opacity}`;
  });
