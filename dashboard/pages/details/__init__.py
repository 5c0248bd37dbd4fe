"""One decision, one order, one bar, the state of the desk: alone or beside a page."""
