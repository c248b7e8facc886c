"""What a model is told of a step: its evidence and findings with ids, the gravest first, cut to a budget; what was cut is said.

Pure: no I/O, no clock, no rows. Outside text is quoted line by line, and nothing in it is invisible.
"""

from agents.briefing.cutting import Cut, LeftOut
from agents.briefing.items import Found, Item, Subject
from agents.briefing.writing import Briefing, brief

__all__ = ["Briefing", "Cut", "Found", "Item", "LeftOut", "Subject", "brief"]
