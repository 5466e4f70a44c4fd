// By keyboard, on a phone, in the light and in the dark.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missing } from "./browser.mjs";
import { live, reads, startStage } from "./page.mjs";

describe("the page for everybody", { skip: missing }, () => {
  let stage;
  before(async () => (stage = await startStage()));
  after(() => stage.close());

  test("nothing is wider than a screen of 360 px, or 320, however long the names are", async () => {
    const long = "a-name-that-goes-on-".repeat(6);
    const edit = (snapshot) =>
      JSON.parse(
        JSON.stringify(snapshot, (key, value) =>
          NAMES.has(key) && typeof value === "string" ? `${value}${long}` : value,
        ),
      );
    const lengthen = (mock) => (mock.edit = edit);
    for (const [width, prepare] of [
      [360, () => {}],
      [360, lengthen],
      [320, () => {}],
    ]) {
      const { page, end } = await stage.open({ moment: "killed", width, height: 780, prepare });
      await live(page);
      for (const fold of await page.locator(".part .fold").all()) await fold.click();

      const { shown, whole } = await page.evaluate(() => ({
        shown: innerWidth,
        whole: document.documentElement.scrollWidth,
      }));
      assert.ok(whole <= shown, `${whole} px on a screen of ${shown} px`);
      assert.deepEqual(await page.evaluate(overlapping), []);
      assert.deepEqual(await end(), []);
    }
  });

  test("on a phone each operation shows its whole name and all of its figures", async () => {
    const { page, end } = await stage.open({ moment: "killed", width: 390, height: 844 });
    await live(page);

    const parts = await page.evaluate(() => {
      const region = document.querySelector(".operations .wide").getBoundingClientRect();
      const names = [...document.querySelectorAll(".operations tbody .operation")];
      const cells = [...document.querySelectorAll(".operations tbody td.number")];
      return {
        broken: names.filter((one) => one.getBoundingClientRect().height > 30).map((one) => one.textContent),
        cut: cells.filter((one) => one.getBoundingClientRect().right > region.right + 0.5).length,
        cells: cells.length / names.length,
      };
    });
    assert.deepEqual(parts, { broken: [], cut: 0, cells: 5 });
    assert.deepEqual(await end(), []);
  });

  test("the labels of an axis are as wide as they need", async () => {
    const huge = (snapshot) => ({
      ...snapshot,
      databases: snapshot.databases.map((one) => ({
        ...one,
        now: { ...one.now, perSecond: 1_234_567, p50Ms: 0.01, p99Ms: 12_000 },
      })),
    });
    const { page, end } = await stage.open({ prepare: (mock) => (mock.edit = huge) });
    await live(page);
    // The first column of the canvas: what is painted there is a label that goes on outside of it.
    await page.waitForFunction(() => {
      const plots = [...document.querySelectorAll(".plot canvas")];
      return plots.some((one) => Number.parseFloat(one.parentElement.querySelector(".u-over").style.left) > 60);
    });
    assert.deepEqual(await page.evaluate(paintedEdges), []);
    assert.deepEqual(await end(), []);
  });

  test("every control is reached by Tab, in the order of the page, and is seen to have the focus", async () => {
    const { page, end } = await stage.open();
    await live(page);
    const all = await page.evaluate(() => {
      const found = [...document.querySelectorAll("a, button, input, [tabindex='0']")];
      // Of radio buttons the chosen one is the stop.
      return found.filter((one) => one.type !== "radio" || one.checked).length;
    });

    const met = [];
    for (let step = 0; step < all; step += 1) {
      await page.keyboard.press("Tab");
      met.push(await page.evaluate(focused));
    }

    const unseen = met.filter((one) => !one.isSeen).map((one) => one.name);
    assert.deepEqual(unseen, []);
    assert.equal(new Set(met.map((one) => one.place)).size, all);
    const places = met.map((one) => one.place);
    assert.deepEqual(
      places,
      [...places].sort((one, other) => one - other),
    );
    assert.match(met[0].name, /Skip to the status/);
    assert.deepEqual(await end(), []);
  });

  test("the skip link leads to the status and leaves the server as it is", async () => {
    const { page, end } = await stage.open({ hash: "#server=back-office" });
    await live(page);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");

    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await reads(page, "h1", /^back-office$/);
    assert.deepEqual(await end(), []);
  });

  test("a chart is read by keyboard", async () => {
    const { page, end } = await stage.open({ moment: "degraded" });
    await live(page);
    const chart = page.getByRole("slider", { name: "Latency of sales, moment" });
    await page.waitForFunction(() => Number(document.querySelector(".plot").getAttribute("aria-valuemax")) > 100);
    await chart.focus();

    await page.keyboard.press("PageDown");
    await page.keyboard.press("ArrowLeft");
    assert.match(await chart.getAttribute("aria-valuetext"), /^\d\d:\d\d:\d\d: p99 [\d.]+ m?s, p50 [\d.]+ ms$/);
    await reads(page, ".chart-moment", /^at \d\d:\d\d:\d\d$/);
    await page.keyboard.press("Escape");
    assert.match(await chart.getAttribute("aria-valuetext"), /^newest/);
    assert.deepEqual(await end(), []);
  });

  test("the table of operations is sorted by keyboard and says by what", async () => {
    const { page, end } = await stage.open();
    await live(page);
    await page.getByRole("button", { name: "p95" }).focus();
    await page.keyboard.press("Enter");

    assert.equal(await page.locator("th[aria-sort]").count(), 1);
    assert.equal(await page.locator("th[aria-sort=descending]").innerText(), "↓p95");
    const cells = await page.locator(".operations tbody tr td:nth-of-type(2)").allInnerTexts();
    const values = cells.map(Number.parseFloat);
    assert.deepEqual(
      values,
      [...values].sort((one, other) => other - one),
    );
    assert.deepEqual(await end(), []);
  });

  test("the theme is the system's until one is chosen, and the choice is kept", async () => {
    const { page, end } = await stage.open({ theme: "dark" });
    await live(page);
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await ground();

    await page.getByRole("radio", { name: "Light" }).check({ force: true });
    const light = await ground();
    assert.notEqual(light, dark);

    await page.reload();
    await live(page);
    assert.equal(await ground(), light);
    await page.getByRole("radio", { name: "Auto" }).check({ force: true });
    assert.equal(await ground(), dark);
    assert.deepEqual(await end(), []);
  });

  test("charts are painted in the colours of the theme, at once when it changes", async () => {
    const { page, end } = await stage.open({ moment: "degraded" });
    await live(page);
    await page.waitForFunction(paints, "138,58,185");

    await page.getByRole("radio", { name: "Dark" }).check({ force: true });
    await page.waitForFunction(paints, "207,155,255");
    assert.equal(await page.evaluate(paints, "138,58,185"), false);
    assert.deepEqual(await end(), []);
  });

  test("who wants no motion gets none", async () => {
    const { page, end } = await stage.open();
    await page.emulateMedia({ reducedMotion: "reduce" });
    await live(page);

    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter((one) => {
          const { transitionDuration, animationName } = getComputedStyle(one);
          return transitionDuration !== "0s" || animationName !== "none";
        }).length,
    );
    assert.equal(moving, 0);
    assert.deepEqual(await end(), []);
  });
});

const NAMES = new Set([
  "tenant",
  "shape",
  "advice",
  "message",
  "reason",
  "address",
  "rule",
  "collection",
  "environment",
  "application",
  "plan",
]);

/** Runs in the page: whether the first chart has points of that colour. */
function paints(colour) {
  const drawn = document.querySelector(".plot canvas");
  const copy = new OffscreenCanvas(drawn.width, drawn.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(drawn, 0, 0);
  const { data } = copy.getImageData(0, 0, drawn.width, drawn.height);
  for (let at = 0; at < data.length; at += 4) {
    if (`${data[at]},${data[at + 1]},${data[at + 2]}` === colour && data[at + 3] === 255) return true;
  }
  return false;
}

/** Runs in the page: the charts that have something painted in the first column of their canvas. */
function paintedEdges() {
  const plots = [...document.querySelectorAll(".plot canvas")];
  const painted = plots.filter((drawn) => {
    const copy = new OffscreenCanvas(1, drawn.height).getContext("2d");
    copy.drawImage(drawn, 0, 0);
    return copy.getImageData(0, 0, 1, drawn.height).data.some((value) => value !== 0);
  });
  return painted.map((one) => one.closest("figure").textContent);
}

/** Runs in the page: cells whose content lies over the next one. */
function overlapping() {
  const cells = [...document.querySelectorAll("th, td")].filter((one) => one.scrollWidth > one.clientWidth + 1);
  return cells.map((one) => one.textContent);
}

/** Runs in the page: what has the focus, where it stands in the document, and whether one sees that. */
function focused() {
  const one = document.activeElement;
  const seen = one.type === "radio" ? one.nextElementSibling : one;
  const box = seen.getBoundingClientRect();
  const isOutlined = getComputedStyle(seen).outlineStyle !== "none";
  const isInside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return {
    name: one.getAttribute("aria-label") ?? one.innerText ?? one.outerHTML,
    place: [...document.querySelectorAll("*")].indexOf(one),
    isSeen: isOutlined && isInside,
  };
}
