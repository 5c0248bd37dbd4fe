"""What luck explains: statistics that charge a result for the search that found it."""
