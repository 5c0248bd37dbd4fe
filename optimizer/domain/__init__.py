"""Pure rules of the optimizer: evaluation, objectives, windows, overlays."""
