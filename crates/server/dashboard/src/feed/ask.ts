// Requests to the monitor routes, with answers that say plainly what went wrong.

import { Fields } from "../contract/fields";

/** How long an answer may take; the routes answer from memory. */
const LIMIT_MS = 5_000;

/** The server, or the relay for it, answered that it will not. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Returns the answer's JSON; throws `Refused`, or what `fetch` throws where nobody answered. */
export async function ask(path: string, signal: AbortSignal): Promise<unknown> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(path, {
    cache: "no-store",
    headers: { accept: "application/json" },
    signal: AbortSignal.any([signal, limit]),
  });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

/** Returns what an answer that is no success says: problem details, or its status. */
export async function refusal(response: Response): Promise<Refused> {
  const problem = new Fields(await response.json().catch(() => null));
  const said = problem.text("detail") ?? problem.text("title") ?? problem.text("message");
  const message = `answered ${response.status}${said ? `: ${said}` : ""}`;
  return new Refused(response.status, message);
}

/** Returns in a few words why nothing came. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refused) return `it ${error.message}`;
  if (error instanceof DOMException && error.name === "TimeoutError") return "it did not answer in time";
  if (error instanceof SyntaxError) return "its answer could not be read";
  return "it cannot be reached";
}
