"""The declarations in `flags/` and `runbooks/`: read as one catalogue, checked as a whole."""
