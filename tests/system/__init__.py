"""Whole processes: replicas of the bot on one server, killed and frozen at bad moments."""
