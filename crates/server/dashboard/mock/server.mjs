// A stand-in for a mongoplex-server: the page under the contract's policy, and the monitor routes with
// a scenario that moves. Plain node, no dependency; for work on the page and for its tests.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { LENGTH, MOMENTS, isPeerGone } from "./scenario.mjs";
import { NAMES, history, snapshot } from "./snapshot.mjs";

/** Stricter than the contract's in two points, to show that the page needs neither of them:
 *  styles in the document, and text that becomes HTML. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const FILES = {
  "/dashboard": ["index.html", "text/html; charset=utf-8"],
  "/dashboard/dashboard.js": ["dashboard.js", "text/javascript; charset=utf-8"],
  "/dashboard/dashboard.css": ["dashboard.css", "text/css; charset=utf-8"],
};

export class Mock {
  /** Changes a snapshot before it is sent; for tests. */
  edit = (snapshot) => snapshot;
  /** `no`: nobody answers. `refuse`: with 503. `silent`: streams stay open and tell nothing. */
  answers = "yes";
  peers = true;
  /** Whether the monitor routes are not there, as with ENABLE_METRICS=false. */
  isOff = false;
  requests = [];
  #began = performance.now();
  #offset = 0;
  #isHeld = false;
  #streams = new Set();
  #server = createServer((request, response) => void this.#answer(request, response));

  /** Listens and returns the address of the page. Port 0 takes any. */
  async start(port = 0) {
    await new Promise((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.origin = `http://127.0.0.1:${this.#server.address().port}`;
    return `${this.origin}/dashboard`;
  }

  stop() {
    this.cut();
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  /** Seconds since the scenario's start. */
  get time() {
    if (this.#isHeld) return this.#offset;
    return (this.#offset + (performance.now() - this.#began) / 1000) % LENGTH;
  }

  /** Jumps to a moment by its name or second, and tells it at once. */
  jump(to, { hold = false } = {}) {
    this.#offset = MOMENTS[to] ?? Number(to);
    this.#began = performance.now();
    this.#isHeld = hold;
    for (const stream of this.#streams) stream.tell();
  }

  /** Ends all streams, as a server that dies does. */
  cut() {
    for (const stream of this.#streams) stream.response.destroy();
  }

  /** Says goodbye on all streams and ends them. */
  drain() {
    for (const { response } of this.#streams) response.end("event: drain\ndata: {}\n\n");
  }

  /** How many streams are open. */
  get streams() {
    return this.#streams.size;
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.origin);
    this.requests.push(pathname);
    if (pathname === "/mock/jump") {
      this.jump(searchParams.get("to"), { hold: searchParams.has("hold") });
      return json(response, { time: this.time });
    }
    if (this.answers === "no") return void request.socket.destroy();
    if (this.answers === "refuse")
      return json(response, { title: "Service Unavailable", detail: "no more readers" }, 503);
    if (FILES[pathname]) return file(response, ...FILES[pathname]);
    if (this.isOff) return json(response, { title: "Not Found", detail: "the monitors are off" }, 404);
    if (pathname === "/monitor/servers") return json(response, { servers: this.#servers() });
    const [, peer, route] = /^\/monitor(?:\/peers\/([\w-]+))?\/(\w+)$/.exec(pathname) ?? [];
    const name = peer ?? NAMES[0];
    const isGone = name === "reports" && isPeerGone(this.time);
    if (route === "stream") return this.#stream(request, response, name);
    if (isGone) return json(response, { title: "Bad Gateway", detail: GONE }, 502);
    if (route === "snapshot") return json(response, this.#snapshot(name));
    if (route === "history") return json(response, history(this.time, Date.now(), name));
    json(response, { title: "Not Found" }, 404);
  }

  #servers() {
    const entries = NAMES.map((name, index) => ({ name, path: index === 0 ? "/monitor" : `/monitor/peers/${name}` }));
    return this.peers ? entries : entries.slice(0, 1);
  }

  #snapshot(name) {
    return this.edit(snapshot(this.time, Date.now(), name));
  }

  #stream(request, response, name) {
    const tell = () => {
      if (this.answers === "silent") return response.write(": still here\n\n");
      const isGone = name === "reports" && isPeerGone(this.time);
      const event = isGone ? "unreachable" : "snapshot";
      const data = isGone ? { message: GONE } : this.#snapshot(name);
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const stream = { response, tell };
    const timer = setInterval(tell, 1000);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    this.#streams.add(stream);
    tell();
    response.on("close", () => {
      clearInterval(timer);
      this.#streams.delete(stream);
    });
  }
}

const GONE = "127.0.0.1:3002 refused the connection";

async function file(response, name, type) {
  const content = await readFile(DIST + name);
  response.writeHead(200, {
    "content-type": type,
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
  });
  response.end(content);
}

function json(response, value, status = 200) {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}
