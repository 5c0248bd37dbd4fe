// Starts what every page has; a page's own script, which comes after this one, starts the rest.

import { startClock } from "./clock.js";
import { Control } from "./control.js";
import { live, panels } from "./desk.js";
import { startKeys } from "./keys.js";
import { startSettings } from "./settings.js";
import { startSide } from "./side.js";
import { startTables } from "./tables.js";

startSettings();
startClock();
startSide();
startTables();
startKeys();
new Control(() => panels.tell("order", 0));
// the page's script has run by then, so that it misses no message
document.addEventListener("DOMContentLoaded", () => live.open());
