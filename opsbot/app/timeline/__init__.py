"""The story of an incident, told from the journal and from what people noted."""
