// `npm run shots -- FOLDER`: pictures of the page at moments of the stand-in's scenario, to look at.

import { mkdir } from "node:fs/promises";
import { missing, startBrowser } from "../tests/browser/browser.mjs";
import { forceOpen } from "../tests/browser/edits.mjs";
import { Mock } from "../mock/server.mjs";

const folder = process.argv[2] ?? ".built/shots";
if (missing) throw new Error(missing);
await mkdir(folder, { recursive: true });

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };
const SHOTS = [
  ["healthy", "light", WIDE],
  ["healthy", "dark", WIDE],
  ["healthy", "light", NARROW],
  ["slow", "light", WIDE],
  ["killed", "light", WIDE],
  ["killed", "dark", WIDE],
  ["killed", "dark", NARROW],
  ["degraded", "light", WIDE],
  ["unreachable", "dark", WIDE],
  ["lagging", "light", NARROW],
  ["forced", "dark", WIDE],
  ["forced", "light", NARROW],
];

const mock = new Mock();
const { context, close } = await startBrowser();
for (const [moment, theme, viewport] of SHOTS) {
  await shoot(moment, theme, viewport, async () => {});
}
await shoot("stale", "light", WIDE, goStale);
await shoot("stale", "dark", NARROW, goStale);
await close();
await mock.stop();

async function shoot(moment, theme, viewport, then) {
  mock.answers = "yes";
  const address = mock.origin ? `${mock.origin}/dashboard` : await mock.start();
  mock.edit = moment === "forced" ? forceOpen : (snapshot) => snapshot;
  mock.jump(moment === "stale" ? "slow" : moment === "forced" ? "healthy" : moment, { hold: true });
  const page = await context.newPage();
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme: theme });
  page.on("console", (message) => console.log(moment, message.type(), message.text()));
  page.on("pageerror", (error) => console.log(moment, error));
  await page.goto(address);
  await page.waitForSelector(".chart canvas");
  await page.waitForTimeout(2_500);
  await then(page);
  const size = viewport === WIDE ? "wide" : "narrow";
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  for (let part = 0; part * viewport.height < height; part += 1) {
    await page.evaluate((y) => scrollTo(0, y), part * (viewport.height - 60));
    await page.screenshot({ path: `${folder}/${moment}-${theme}-${size}-${part}.png` });
  }
  await page.close();
}

async function goStale(page) {
  mock.answers = "no";
  mock.cut();
  await page.waitForTimeout(7_000);
}
