"""Documents cut where their structure allows it: headings, lists, code and tables stay whole. Pure: text in, pieces out."""

from knowledge.chunking.pieces import Block, Piece
from knowledge.chunking.read import Read, read

__all__ = ["Block", "Piece", "Read", "read"]
