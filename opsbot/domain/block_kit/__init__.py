"""Slack's limits of messages and views, checked before Slack does."""
