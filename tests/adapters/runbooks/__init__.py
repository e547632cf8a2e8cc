"""Reading runbooks, and their rules."""
