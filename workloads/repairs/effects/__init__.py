"""The effects of repairs, one file a family: parameters, the change, the invariant, the way back."""
