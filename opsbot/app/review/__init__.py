"""The review that an incident leaves: its facts, gaps and documents."""
