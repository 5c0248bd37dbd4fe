"""What bars mean: features, triggers, systems and the proposals they make."""
