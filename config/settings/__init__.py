"""Django settings: ``base`` for all, one module per environment, one per integration."""
