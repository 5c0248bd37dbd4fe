"""One outside thing per file; no rules."""
