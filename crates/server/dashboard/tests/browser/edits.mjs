// Snapshots that the scenario has no moment for.

/** Everything is up, and an operator keeps a circuit open. */
export function forceOpen(snapshot) {
  const circuit = { state: "forced-open", reason: "by an operator", sinceSeconds: 240 };
  const databases = snapshot.databases.map((one) => (one.name === "sales" ? { ...one, circuit } : one));
  return { ...snapshot, databases };
}
