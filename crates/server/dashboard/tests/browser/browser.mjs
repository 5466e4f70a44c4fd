// A real browser for tests: Debian's Chromium, headless, with a profile that begins empty.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const found = PLACES.find((place) => place && existsSync(place));

/** Why tests in a browser are skipped, or false where one is there. */
export const missing = found
  ? false
  : "no Chromium was found: `apt-get install chromium`, or name one in the variable CHROMIUM";

/** Starts a browser; `close` ends it and removes its profile. */
export async function startBrowser() {
  const profile = await mkdtemp(join(tmpdir(), "mongoplex-dashboard-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: found,
    args: ARGUMENTS,
    headless: true,
    viewport: { width: 1440, height: 900 },
    // A shot shall show the same times everywhere.
    timezoneId: "UTC",
  });
  context.setDefaultTimeout(15_000);
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { context, close };
}
