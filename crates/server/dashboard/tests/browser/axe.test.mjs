// axe-core's rules for WCAG 2.2 AA, at moments of calm and of trouble, wide and narrow, light and dark.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { missing } from "./browser.mjs";
import { live, startStage } from "./page.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

describe("the rules of accessibility", { skip: missing }, () => {
  let stage;
  let axe;
  before(async () => {
    stage = await startStage();
    axe = await readFile(AXE, "utf8");
  });
  after(() => stage.close());

  for (const theme of ["light", "dark"]) {
    for (const width of [1440, 360]) {
      for (const moment of ["healthy", "killed", "unreachable", "stale"]) {
        test(`axe finds nothing: ${moment}, ${theme}, ${width} px`, async () => {
          const { page, mock, end } = await stage.open({ moment: moment === "stale" ? "slow" : moment, theme, width });
          await live(page);
          for (const fold of await page.locator(".part .fold").all()) await fold.click();
          if (moment === "stale") {
            mock.answers = "no";
            mock.cut();
            await page.waitForSelector("main.stale");
            await page.waitForTimeout(600);
          }

          assert.deepEqual(await violations(page, axe), []);
          await end();
        });
      }
    }
  }
});

async function violations(page, axe) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}
