"""Places outside that take messages to people: one vendor a file, each a `Publisher`."""
