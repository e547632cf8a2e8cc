"""What a fleet served, counted so that nothing is counted twice."""
