// Starts what the page has; every module leaves alone what is not there.

import { Chart } from "./chart.js";
import { startClock } from "./clock.js";
import { Control } from "./control.js";
import { Equity } from "./equity.js";
import { startKeys } from "./keys.js";
import { Live } from "./live.js";
import { StudyList } from "./optimizer/list.js";
import { StudyPage } from "./optimizer/study.js";
import { Panels } from "./panels.js";
import { startSettings } from "./settings.js";
import { startSide } from "./side.js";
import { startTables } from "./tables.js";

startSettings();
startClock();
startSide();
startTables();
startKeys();

const live = new Live("/ws/desk/");
const panels = new Panels();
const equity = new Equity();
new Chart(live);
new StudyList(live, panels);
new StudyPage(live, panels);
new Control(() => panels.mark(["strip", "checklist", "decisions", "bots", "head", "progress", "ranked", "studies"], 0));

live.addEventListener("step", (event) => {
  panels.step(event.detail);
  equity.mark();
});
for (const kind of ["state", "feed"])
  live.addEventListener(kind, () => panels.mark(["strip", "checklist", "figures", "bots"], 0));
// whatever happened while the socket was away is on the server: ask for all of it once
let isFirst = true;
live.addEventListener("open", () => {
  if (!isFirst) panels.mark(panels.all(), 0);
  isFirst = false;
});
live.open();
