// What the sources build to: three files, by name, the same bytes on every machine.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const INSIDE = ["preact", "@preact/signals", "@preact/signals-core", "uplot"];

/** Returns the files of dist/ as a map from name to bytes. */
export async function bundle() {
  const shared = {
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    minify: true,
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  };
  const script = await build({
    ...shared,
    entryPoints: ["src/main.tsx"],
    outfile: "dashboard.js",
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    banner: { js: await licences() },
  });
  const style = await build({ ...shared, entryPoints: ["src/style/dashboard.css"], outfile: "dashboard.css" });
  return new Map([
    ["dashboard.css", Buffer.from(style.outputFiles[0].contents)],
    ["dashboard.js", Buffer.from(script.outputFiles[0].contents)],
    ["index.html", await readFile(`${ROOT}src/index.html`)],
  ]);
}

/** Returns the licence under which the libraries may be copied, which must go with every copy. */
async function licences() {
  const texts = await Promise.all(INSIDE.map(packageLicence));
  const [first] = texts;
  const holders = texts.map(({ title, holder }) => `${title}: ${holder}`);
  return `/*! Holds, each under the MIT licence:\n${holders.join("\n")}\n\n${first.terms}\n*/`;
}

async function packageLicence(name) {
  const folder = `${ROOT}node_modules/${name}/`;
  const text = await readFile(`${folder}LICENSE`, "utf8");
  const { version } = JSON.parse(await readFile(`${folder}package.json`, "utf8"));
  const holder = /^Copyright .*$/m.exec(text)?.[0];
  const terms = text.slice(text.indexOf("Permission is hereby granted")).trim();
  if (!holder || !/^The MIT License/.test(text)) throw new Error(`${name} is no longer under MIT: look at it`);
  return { title: `${name} ${version}`, holder, terms };
}
