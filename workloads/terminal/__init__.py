"""The terminal's commands about clusters, beside `management/commands`: their names hold hyphens, which modules may not.

May import the use cases of this room. Absent on purpose: anything that a page could not do as well.
"""
