"""Second, slow writings of rules, to hold the fast ones against."""
