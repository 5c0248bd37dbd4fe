"""One study: its progress, trials, pictures and files, and the orders it takes."""
