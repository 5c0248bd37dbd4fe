"""Prometheus: counted in every process, gathered by the web process when ``up`` names a folder."""

PROMETHEUS_EXPORT_MIGRATIONS = False  # would open the database at import
PROMETHEUS_LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
