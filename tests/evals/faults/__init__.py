"""Faults made for real in a small town of pods on a node that really runs them."""
