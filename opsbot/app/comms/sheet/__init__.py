"""The fact sheet of an incident: what is confirmed, believed and unknown, and what the state itself knows."""
