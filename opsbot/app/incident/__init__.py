"""What an incident may become and how it is told: decisions on one state, and their words."""
