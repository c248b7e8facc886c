"""Findings: what is worth mending though it may not be broken now, one file a kind of object, over the same view as the rules."""
