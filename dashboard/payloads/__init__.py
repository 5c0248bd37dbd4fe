"""Turn facts read by selectors into what pages and sockets carry: plain values, no HTML."""
