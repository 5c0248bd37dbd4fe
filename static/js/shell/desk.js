// What every page has one of: its socket and its panels. The scripts of pages take them from here.

import { Live } from "./live.js";
import { Panels } from "./panels.js";

export const live = new Live("/ws/desk/");
export const panels = new Panels(live);
