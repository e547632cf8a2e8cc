"""Stop or degrade: what a kill request comes to, whom it hits, and what is kept of the moment."""
