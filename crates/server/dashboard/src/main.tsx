// The dashboard of a mongoplex-server: reads its monitor routes and shows what they tell.
//
// It changes nothing: every request is a GET. No value of a server ever becomes HTML; all of it passes
// through Preact as text.

import { render } from "preact";
import { startClock } from "./feed/clock";
import { Fleet } from "./feed/fleet";
import { Page } from "./parts/Page";
import { startTab } from "./parts/tab";
import { startTheme } from "./parts/theme";

// At once, while the head is read, so that the page is never painted in the wrong theme.
startTheme();

addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("dashboard");
  if (root === null) return;
  const fleet = new Fleet();
  root.replaceChildren();
  render(<Page fleet={fleet} />, root);
  startClock();
  startTab(fleet);
  fleet.start();
});
