// `npm run unit`: tests of the rules that need no browser, bundled for node and run there.

import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const tests = (await readdir(`${ROOT}tests/unit`)).filter((name) => name.endsWith(".test.ts"));

await build({
  absWorkingDir: ROOT,
  entryPoints: tests.map((name) => `tests/unit/${name}`),
  outdir: ".built",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
});

const files = tests.map((name) => `${ROOT}.built/${name.replace(/\.ts$/, ".mjs")}`);
const { status } = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
process.exitCode = status ?? 1;
