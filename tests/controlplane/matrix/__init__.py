"""Who may do what: every address against every kind of caller."""
