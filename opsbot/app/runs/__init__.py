"""Walks through runbooks: what a run may become, its actions, its words, and what keeps it going."""
