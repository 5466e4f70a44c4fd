// Spans and moments. Moments are in the reader's own time zone, as the clock beside the screen.

import { NOTHING } from "./numbers";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const clockTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** Returns a span with its two largest units: `12 s`, `4 min`, `2 h 5 min`, `3 d 4 h`. */
export function span(seconds: number | null): string {
  if (seconds === null) return NOTHING;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole === 0) return "<1 s";
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return two(whole, MINUTE, "min", 1, "s", 10 * MINUTE);
  if (whole < DAY) return two(whole, HOUR, "h", MINUTE, "min", DAY);
  return two(whole, DAY, "d", HOUR, "h", 100 * DAY);
}

function two(all: number, large: number, big: string, small: number, little: string, until: number) {
  const rest = Math.floor((all % large) / small);
  const first = `${Math.floor(all / large)} ${big}`;
  return rest === 0 || all >= until ? first : `${first} ${rest} ${little}`;
}

/** Returns the time of day of a moment in milliseconds since 1970: `19:40:12`. */
export function clock(at: number | null): string {
  return at === null ? NOTHING : clockTime.format(at);
}

/** Returns how long before `now` that was: `12 s ago`. Both by one and the same clock. */
export function ago(at: number | null, now: number | null): string {
  return at === null || now === null ? NOTHING : `${span((now - at) / 1000)} ago`;
}
