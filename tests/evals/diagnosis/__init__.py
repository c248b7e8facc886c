"""Our own evaluation of the engine: small clusters that we wrote, each with what must and what must never be said of it."""
