"""Reading for pages and commands."""
