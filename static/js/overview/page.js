// The overview: the chart, the equity curves, and what is said aloud of decisions.

import { live } from "../shell/desk.js";
import { Chart } from "./chart.js";
import { startDecisions } from "./decisions.js";
import { Equity } from "./equity.js";

const equity = new Equity();
new Chart(live);
startDecisions();
live.addEventListener("step", () => equity.mark());
