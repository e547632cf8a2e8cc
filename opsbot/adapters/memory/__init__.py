"""The memory twin of the store."""
