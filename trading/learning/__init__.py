"""What may come: forecasts."""
