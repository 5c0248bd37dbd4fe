"""Read studies, trials and what scrutiny made of them, as frozen rows; nothing is changed here."""
