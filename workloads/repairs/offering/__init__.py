"""Offers of repairs, one file a family of faults: parameters computed from the evidence, or no offer."""
