// The one place where untyped JSON becomes values.
//
// A server may be older or newer than this page: what is absent, or of another type, is null or
// empty, and nothing here throws. Whoever shows a value decides what null looks like.

/** The fields of one JSON object. */
export class Fields {
  readonly #values: Record<string, unknown>;

  constructor(value: unknown) {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    this.#values = isObject ? (value as Record<string, unknown>) : {};
  }

  /** Returns the number, or null; what is not finite counts as absent. */
  number(name: string): number | null {
    const value = this.#values[name];
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  }

  /** Returns the text, or null. */
  text(name: string): string | null {
    const value = this.#values[name];
    return typeof value === "string" ? value : null;
  }

  /** Returns the text, or an empty one: for names, which are shown as they are. */
  name(name: string): string {
    return this.text(name) ?? "";
  }

  /** Returns whether it is true, or null where nobody said. */
  flag(name: string): boolean | null {
    const value = this.#values[name];
    return typeof value === "boolean" ? value : null;
  }

  /** Returns the word if it is one of those that this page knows, or `otherwise`. */
  word<W extends string>(name: string, known: readonly W[], otherwise: W): W {
    const value = this.#values[name];
    return known.find((word) => word === value) ?? otherwise;
  }

  /** Returns a moment in milliseconds since 1970, or null. */
  moment(name: string): number | null {
    const at = Date.parse(this.text(name) ?? "");
    return Number.isNaN(at) ? null : at;
  }

  /** Returns the object of that name, without fields where there is none. */
  of(name: string): Fields {
    return new Fields(this.#values[name]);
  }

  /** Returns each entry of the list as `read` sees it; an empty list where there is none. */
  list<T>(name: string, read: (fields: Fields) => T): T[] {
    return this.told(name, read) ?? [];
  }

  /** As `list`, but null where the server does not tell: nothing there is another thing. */
  told<T>(name: string, read: (fields: Fields) => T): T[] | null {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map((entry) => read(new Fields(entry))) : null;
  }

  /** Returns the texts of a list of texts. */
  texts(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
  }

  /** Returns every field by its name, in the order in which they came. */
  entries(): [string, unknown][] {
    return Object.entries(this.#values);
  }
}
