"""Read queries of the trading app: frozen view rows, no writes."""
