// Five minutes of a fleet's life, as pure functions of the time since their start: whoever jumps to a
// moment sees what had gone before it too.

export const LENGTH = 300;

/** Moments worth a look, by name, in seconds. */
export const MOMENTS = {
  healthy: 20,
  "step-down": 46,
  slow: 112,
  killed: 151,
  "half-open": 153.5,
  degraded: 165,
  unreachable: 200,
  lagging: 224,
  recovered: 285,
};

const STEP_DOWN = 40;
const SLOW = { from: 80, until: 125 };
const KILLED = { from: 140, elected: 152, closed: 155, back: 220, caughtUp: 238 };
const UNREACHABLE = { from: 190, until: 216 };

const within = (t, from, until) => t >= from && t < until;

/** A number between -1 and 1 that is always the same for the same second and name. */
export function noise(t, name) {
  let hash = Math.floor(t) * 374761393;
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 2246822519);
  hash = Math.imul(hash ^ (hash >>> 15), 3266489917);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2147483648 - 1;
}

/** The three nodes of the first deployment. */
export function nodes(t) {
  const primary = t < STEP_DOWN ? 0 : t < KILLED.from ? 1 : t < KILLED.elected ? null : 0;
  return [27017, 27018, 27019].map((port, index) => {
    const isGone = index === 1 && within(t, KILLED.from, KILLED.back);
    const lag = index === 1 ? lagOfReturned(t) : 0.2 + 0.1 * noise(t, `lag${port}`);
    return {
      address: `127.0.0.1:${port}`,
      kind: isGone ? "unknown" : index === primary ? "primary" : "secondary",
      roundTripMs: isGone ? null : 0.5 + 0.15 * noise(t, `rtt${port}`),
      lagSeconds: isGone ? null : index === primary ? 0 : lag,
    };
  });
}

function lagOfReturned(t) {
  if (within(t, KILLED.back, KILLED.caughtUp)) return (KILLED.caughtUp - t) * 1.9;
  return 0.3 + 0.1 * noise(t, "lag27018");
}

/** The circuit of a database of the first deployment. */
export function circuit(t) {
  const { from, elected, closed } = KILLED;
  if (within(t, from + 3, elected)) {
    return { state: "open", reason: "no eligible server for 3 s", sinceSeconds: t - from - 3 };
  }
  if (within(t, elected, closed)) {
    return { state: "half-open", reason: "a server is eligible again", sinceSeconds: t - elected };
  }
  if (t >= closed) return { state: "closed", reason: "3 probes were answered", sinceSeconds: t - closed };
  return { state: "closed", reason: "since the start", sinceSeconds: 1200 + t };
}

/** What a logical database does in one second. */
export function second(t, name) {
  const base = { sales: 21, catalog: 3.2, shared: 0.4 }[name] ?? 5;
  const wave = 1 + 0.18 * Math.sin(t / 37 + base) + 0.12 * noise(t, name);
  const calm = {
    perSecond: Math.max(0, Math.round(base * wave + 0.3 * noise(t, name))),
    errorsPerSecond: name !== "shared" && noise(t, `${name}!`) > 0.985 ? 1 : 0,
    p50Ms: 0.8 + 0.12 * noise(t, `${name}50`),
    p99Ms: 7 + 2.4 * noise(t, `${name}99`),
    inUse: Math.round(1.6 + noise(t, `${name}in`)),
    queued: 0,
  };
  if (name === "shared") return calm.perSecond === 0 ? { ...calm, p50Ms: null, p99Ms: null } : calm;
  if (within(t, STEP_DOWN, STEP_DOWN + 2)) return { ...calm, p50Ms: 2.4, p99Ms: 930, inUse: 6, queued: 2 };
  if (within(t, SLOW.from, SLOW.until) && name === "sales") {
    return { ...calm, p50Ms: 1.1, p99Ms: 410 + 60 * noise(t, "slow"), inUse: 5 };
  }
  const down = circuit(t).state;
  if (within(t, KILLED.from, KILLED.from + 3)) {
    return { ...calm, perSecond: 1, errorsPerSecond: 0, p50Ms: null, p99Ms: null, inUse: 8, queued: 17 };
  }
  if (down === "open") {
    return { ...calm, errorsPerSecond: calm.perSecond, p50Ms: null, p99Ms: null, inUse: 0 };
  }
  if (down === "half-open") return { ...calm, perSecond: 3, p50Ms: 1.9, p99Ms: 24, inUse: 3 };
  return calm;
}

/** Alerts as [rule, database, severity, message, observed, threshold, pending, firing, over]. */
const ALERTS = [
  ["database-down", "sales", "page", "no primary: writes fail", 1, 1, 140, 150, 165],
  ["database-down", "catalog", "page", "no primary: writes fail", 1, 1, 140, 150, 165],
  ["circuit-open", "sales", "ticket", "the circuit refuses all calls", 1, 1, 143, 148, 165],
  ["latency-target", "sales", "ticket", "p99 of reads is above 100 ms", 412, 100, 82, 92, 135],
  ["replica-lag", null, "ticket", "127.0.0.1:27018 is behind the primary", 22, 15, 220, 223, 240],
];

export function alerts(t) {
  return ALERTS.filter(([, , , , , , pending]) => t >= pending).map((row) => {
    const [rule, database, severity, message, observed, threshold, pending, firing, over] = row;
    const state = t < firing ? "pending" : t < over ? "firing" : "resolved";
    const since = state === "pending" ? pending : state === "firing" ? firing : over;
    return { rule, database, severity, state, sinceSeconds: t - since, message, observed, threshold };
  });
}

export const hasSlowQuery = (t) => t >= SLOW.from + 2;
export const slowCount = (t) => Math.max(0, Math.floor(Math.min(t, SLOW.until) - SLOW.from) * 2);
export const isPeerGone = (t) => within(t, UNREACHABLE.from, UNREACHABLE.until);
export const budget = (t) => {
  if (within(t, STEP_DOWN, STEP_DOWN + 15)) return 410 + (t - STEP_DOWN) * 6;
  if (within(t, KILLED.from, KILLED.closed)) return 320;
  if (within(t, KILLED.closed, KILLED.closed + 18)) return 320 + (t - KILLED.closed) * 10;
  return 500;
};
