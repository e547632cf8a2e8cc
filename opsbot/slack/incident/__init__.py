"""Incidents in Slack: listeners, forms, messages that become one, the review."""
