"""What several pages of the optimizer share: one look at a study, its progress, its words."""
