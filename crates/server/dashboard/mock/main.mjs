// `npm run mock`: the stand-in on a port, with a key for each moment of the scenario.

import { Mock } from "./server.mjs";
import { MOMENTS } from "./scenario.mjs";

const mock = new Mock();
const page = await mock.start(Number(process.env.PORT ?? 3900));
const moments = Object.keys(MOMENTS);

console.log(page);
console.log(moments.map((name, index) => `${index + 1} ${name}`).join(" · "));
console.log("c cut the streams · s silence and speech · d drain · q quit");
console.log(`or: curl '${mock.origin}/mock/jump?to=killed'; with &hold the time stands still`);

const keys = {
  c: () => mock.cut(),
  d: () => mock.drain(),
  s: () => (mock.answers = mock.answers === "yes" ? "silent" : "yes"),
  q: () => process.exit(0),
};

if (process.stdin.isTTY) {
  process.stdin.setRawMode(true);
  process.stdin.on("data", (bytes) => {
    const key = bytes.toString();
    const moment = moments[Number(key) - 1];
    if (moment) mock.jump(moment);
    (key === "\x03" ? keys.q : keys[key])?.();
  });
}
