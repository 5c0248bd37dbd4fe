"""What may come next: the forecaster port of the core and its honest baseline."""
