// `npm run build`: writes dist/. With `--check`: says whether dist/ is what the sources build to.

import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.mjs";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const files = await bundle();

if (process.argv.includes("--check")) await check();
else await write();

async function write() {
  await rm(DIST, { recursive: true, force: true });
  await mkdir(DIST);
  for (const [name, bytes] of files) {
    await writeFile(DIST + name, bytes);
    console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes).length} as gzip`);
  }
}

async function check() {
  const there = await readdir(DIST).catch(() => []);
  const differing = [];
  for (const name of new Set([...there, ...files.keys()])) {
    const bytes = await readFile(DIST + name).catch(() => null);
    const built = files.get(name);
    if (!bytes || !built || !bytes.equals(built)) differing.push(name);
  }
  if (differing.length > 0) {
    console.error(`dist/ is not what the sources build to: ${differing.join(", ")}. Run \`npm run build\`.`);
    process.exitCode = 1;
  } else {
    console.log("dist/ is what the sources build to");
  }
}
