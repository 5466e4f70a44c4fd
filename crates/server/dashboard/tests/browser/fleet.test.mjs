// Several servers: all at a glance, one in detail.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missing } from "./browser.mjs";
import { live, reads, startStage, waitUntil } from "./page.mjs";

describe("the page and several servers", { skip: missing }, () => {
  let stage;
  before(async () => (stage = await startStage()));
  after(() => stage.close());

  const one = (page, name) => page.locator(".fleet-one", { hasText: name });

  test("a peer that cannot be reached is shown as that, and the others as they are", async () => {
    const { page, end } = await stage.open({ moment: "unreachable" });
    await live(page);

    await one(page, "reports").getByText("unreachable").waitFor();
    await one(page, "back-office").getByText("degraded").waitFor();
    await one(page, "reports").click();
    await reads(page, ".banner", /cannot reach reports: 127\.0\.0\.1:3002 refused the connection/);
    await reads(page, "main", /Nothing to show yet/);
    assert.deepEqual(await end(), []);
  });

  test("an unreachable peer appears when it is back", async () => {
    const { page, mock, end } = await stage.open({ moment: "unreachable", hash: "#server=reports" });
    await reads(page, ".banner", /cannot reach reports/);

    mock.jump("recovered", { hold: true });
    await live(page);
    await reads(page, "h1", /^reports$/);
    assert.deepEqual(await end(), []);
  });

  test("another server is chosen by keyboard, kept in the address, and followed alone", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);
    await one(page, "back-office").focus();

    await page.keyboard.press("Enter");
    await reads(page, "h1", /^back-office$/);
    await live(page);
    assert.match(page.url(), /#server=back-office$/);
    assert.equal(await one(page, "back-office").getAttribute("aria-current"), "true");
    assert.equal(await one(page, "orders-api").getAttribute("aria-current"), null);
    // The old stream ends; the new one alone stays.
    await page.waitForTimeout(500);
    assert.equal(mock.streams, 1);

    await page.reload();
    await reads(page, "h1", /^back-office$/);
    await page.goBack();
    await reads(page, "h1", /^orders-api$/);
    assert.deepEqual(await end(), []);
  });

  test("a tab in the background holds no stream, and follows again when it comes to the front", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);
    assert.equal(mock.streams, 1);

    await show(page, "hidden");
    await waitUntil(() => mock.streams === 0);
    const seen = mock.requests.length;
    mock.jump("killed", { hold: true });
    await page.waitForFunction(() => document.title.startsWith("down"));
    assert.ok(!mock.requests.slice(seen).includes("/monitor/stream"));

    await show(page, "visible");
    await waitUntil(() => mock.streams === 1);
    await live(page);
    assert.deepEqual(await end(), []);
  });

  test("a server alone shows no list of servers", async () => {
    const { page, end } = await stage.open({ prepare: (mock) => (mock.peers = false) });
    await live(page);

    assert.equal(await page.locator(".fleet").count(), 0);
    assert.deepEqual(await end(), []);
  });

  test("all the fleet's trouble is seen from any server", async () => {
    const { page, mock, end } = await stage.open();
    await live(page);

    mock.jump("killed", { hold: true });
    await one(page, "back-office").getByText("down", { exact: true }).waitFor();
    await one(page, "back-office")
      .getByText(/not ready · \d+ alerts/)
      .waitFor();
    assert.deepEqual(await end(), []);
  });
});

/** A headless tab is always in front; the page is told otherwise. */
function show(page, state) {
  return page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}
