"""The operations of the graphs for real."""

from __future__ import annotations


class RealOperations:
    """Placeholder."""
