"""Ask forecasters, record what they say, compute it ahead for a replay."""
