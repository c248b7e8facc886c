"""Repairs: what they offer, what they write, what they refuse, how they are taken back, and when they hold."""
