"""Scrutiny of a finished search: what of its best results luck explains."""
