"""One swap-cost cache for the whole desk: read it, know its age, measure it again politely."""
