"""Pages that need more than one room: sign-in, overview, inbox, runs."""
