// The page of a real server, read while somebody hurts its deployment: `node tests/real/watch.mjs ADDRESS`.
//
// It says on a line of its own what it has seen, moment by moment, and goes on to wait for the next; who starts it
// (app/tests/command/page.rs) does in between what is to be seen. `--check` instead of the address says whether a
// browser is there. With SHOTS=FOLDER it takes a picture of each moment.

import { missing, startBrowser } from "../browser/browser.mjs";

/** An election that nobody planned, a probe's period, and a machine that has other things to do; less than the
    minute that who starts this waits for a line. */
const PATIENCE = 50_000;

/** The page's head, of data that are fresh. A busy machine may make the process itself degraded. */
const UP = /(up|degraded)\s*ready\s*live/;
const DEGRADED = /degraded\s*ready\s*live/;
const DOWN = /down\s*not ready\s*live/;

const [address] = process.argv.slice(2);
if (missing) {
  console.log(missing);
  process.exit(1);
}
if (address !== "--check") await watch(`http://${address}/dashboard`);

async function watch(url) {
  const { context, close } = await startBrowser();
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  try {
    await page.goto(url);
    await moments(page);
    if (faults.length > 0) throw new Error(faults.join("\n"));
    console.log("saw all");
  } catch (error) {
    console.log(`failed: ${error}\n${await page.innerText("main").catch(() => "")}`);
    process.exitCode = 1;
  } finally {
    await close();
  }
}

async function moments(page) {
  const whole = (kinds) => count(kinds, "primary") === 1 && count(kinds, "secondary") === 2;
  const first = primaryOf(await servers(page, whole));
  await headline(page, UP);
  await saw(page, "healthy", first);

  await servers(page, (kinds) => kinds[first] === "unknown");
  const second = primaryOf(await servers(page, (kinds) => count(kinds, "primary") === 1));
  // A member that does not answer is not up, and nothing that is required fails without it.
  await headline(page, DEGRADED);
  await saw(page, "another primary", second);

  // One of three is no majority: nobody takes writes.
  await servers(page, (kinds) => count(kinds, "primary") === 0 && kinds[second] === "unknown");
  await headline(page, DOWN);
  await page.waitForSelector(".headline-reasons li", { timeout: PATIENCE });
  await saw(page, "no primary", await page.innerText(".headline-reasons"));

  const third = primaryOf(await servers(page, whole));
  await headline(page, UP);
  await saw(page, "recovered", third);

  const last = primaryOf(await servers(page, (kinds) => whole(kinds) && kinds[third] === "secondary"));
  await headline(page, UP);
  await saw(page, "stepped down", last);
}

/** Waits until the kinds of the servers, by address, are so; returns them. */
async function servers(page, areSo) {
  return until(areSo, () =>
    page.$$eval("main:not(.stale) .servers tbody tr", (rows) => {
      const text = (row, selector) => row.querySelector(selector).textContent.trim();
      return Object.fromEntries(rows.map((row) => [text(row, "th"), text(row, ".mark")]));
    }),
  );
}

async function headline(page, pattern) {
  await until(
    (text) => pattern.test(text),
    () => page.textContent(".headline"),
  );
}

/** Reads until it holds; returns what was read. The page's policy lets no script in that would wait there. */
async function until(holds, read) {
  const started = Date.now();
  for (;;) {
    const found = await read();
    if (holds(found)) return found;
    if (Date.now() - started > PATIENCE) throw new Error(`never: ${holds}, last ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function count(kinds, kind) {
  return Object.values(kinds).filter((one) => one === kind).length;
}

function primaryOf(kinds) {
  return Object.keys(kinds).find((address) => kinds[address] === "primary");
}

async function saw(page, moment, what) {
  if (process.env.SHOTS) {
    await page.screenshot({ path: `${process.env.SHOTS}/${moment.replaceAll(" ", "-")}.png`, fullPage: true });
  }
  console.log(`saw ${moment}: ${what.replaceAll("\n", " ")}`);
}
