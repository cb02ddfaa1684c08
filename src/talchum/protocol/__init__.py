"""Sans-IO state machines: they take a message and the time, and return effects."""
