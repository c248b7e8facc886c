"""Berths, vessels, visits, and the watch that is written every minute."""
