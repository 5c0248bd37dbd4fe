"""Orders at venues outside this process: sending them, hearing of them, asking about them."""
