"""The ground floor of the town: what every app stands on."""
