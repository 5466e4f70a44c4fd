// Server-sent events out of the text of a response, after the HTML standard.
//
// Not EventSource: it hides the answer's status, reconnects on its own terms, and swallows the
// comments by which a silent stream shows that it is still there.

/** A line that is longer is no snapshot; reading ends there, before it takes the memory of the page. */
const LONGEST = 32_000_000;

/** One event with its data. */
export interface Event {
  name: string;
  data: string;
}

/** Cuts chunks of text, however they are split, into events. */
export class EventCutter {
  #rest = "";
  #name = "";
  #data: string[] = [];

  /** Returns the events that `chunk` completed. */
  push(chunk: string): Event[] {
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > LONGEST) throw new SyntaxError("a line of the stream does not end");
    return lines.map((line) => this.#line(line)).filter((event) => event !== null);
  }

  #line(line: string): Event | null {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    if (field === "data") this.#data.push(value);
    return null;
  }

  #end(): Event | null {
    const event = { name: this.#name || "message", data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#name = "";
    this.#data = [];
    return isEmpty ? null : event;
  }
}

/** Calls `take` for each event of `body` until it ends; throws what reading throws. */
export async function eachEvent(
  body: ReadableStream<Uint8Array>,
  take: (event: Event) => void,
  heard: () => void,
): Promise<void> {
  const cutter = new EventCutter();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    cutter.push(decoder.decode(value, { stream: true })).forEach(take);
  }
}
