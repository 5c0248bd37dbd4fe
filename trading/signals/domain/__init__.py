"""From bars to proposals: features, strategies, conviction."""
