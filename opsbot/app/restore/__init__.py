"""Give back: at once, in steps, with a second person or as far as one may alone."""
