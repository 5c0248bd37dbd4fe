"""One trial, and the act of installing it as a ghost bot."""
