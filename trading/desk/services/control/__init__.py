"""What operators order, whichever way in they take: names checked, kills lifted only on purpose."""
