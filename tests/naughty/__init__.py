"""Strings that break programs, and what looks for the damage they did."""
