"""Take what a person asks of a study, check all of it, and write down what it starts with."""
