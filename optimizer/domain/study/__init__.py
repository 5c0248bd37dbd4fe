"""What a study is made of: its order of work, its records and the fingerprint of its results."""
