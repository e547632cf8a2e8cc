"""Runbooks from markdown: read, checked against what is declared, and kept by their digest."""
