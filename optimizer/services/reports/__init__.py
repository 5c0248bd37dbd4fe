"""Reports of a study: tables sorted by return, a summary, and a page that opens anywhere."""
