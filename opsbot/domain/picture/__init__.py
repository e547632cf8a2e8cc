"""Charts as values, with the words that say the same."""
