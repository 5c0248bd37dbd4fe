"""Ghost bots that people install beside the configured ones, and take away again."""
