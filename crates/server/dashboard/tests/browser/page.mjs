// A page on a stand-in of its own, with everything noted that should not happen.

import assert from "node:assert/strict";
import { Mock } from "../../mock/server.mjs";
import { startBrowser } from "./browser.mjs";

/** Answers that a test asks for make the browser note a failed load; that is its word, not the page's. */
const FAILED_LOAD = /Failed to load resource/;

/** Starts a stand-in and a browser for a file of tests. */
export async function startStage() {
  const { context, close } = await startBrowser();
  const mocks = new Set();
  const open = (options) => openPage(context, mocks, options);
  // What a failed test left open would keep node waiting.
  const closeAll = async () => {
    await close();
    await Promise.all([...mocks].map((mock) => mock.stop()));
  };
  return { open, close: closeAll };
}

/** Opens the page at a moment of the scenario; `end` closes both and returns what went wrong. */
async function openPage(
  context,
  mocks,
  { moment = "healthy", hold = true, hash = "", width = 1440, height = 900, theme = "light", prepare = () => {} } = {},
) {
  const mock = new Mock();
  const address = await mock.start();
  mocks.add(mock);
  mock.jump(moment, { hold });
  prepare(mock);
  const page = await context.newPage();
  const faults = [];
  const foreign = [];
  page.on("console", (message) => {
    const isFault = ["error", "warning"].includes(message.type()) && !FAILED_LOAD.test(message.text());
    if (isFault) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const isOwn = request.url().startsWith(`${mock.origin}/`) || request.url().startsWith("data:");
    if (!isOwn) foreign.push(request.url());
  });
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "no-preference" });
  await page.goto(address + hash);
  const end = async () => {
    await page.close();
    mocks.delete(mock);
    await mock.stop();
    return [...faults, ...foreign];
  };
  return { page, mock, end };
}

/** Waits until the page shows live data with their charts. */
export async function live(page) {
  await page.waitForSelector(".freshness.live");
  await page.waitForSelector(".chart canvas");
}

/** Waits until the text of `selector` matches. */
export async function reads(page, selector, pattern) {
  await page.waitForFunction(
    ({ selector, source }) => new RegExp(source).test(document.querySelector(selector)?.textContent ?? ""),
    { selector, source: pattern.source },
  );
}

/** Waits up to ten seconds until `holds` does. */
export async function waitUntil(holds) {
  for (let left = 200; left > 0 && !holds(); left -= 1) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(holds());
}
