"""Exit codes of commands about clusters."""

DONE = 0
FAILED = 1  # not done: said why
USAGE = 2
REDUCED = 3  # done, but not whole: rights or evidence are missing
