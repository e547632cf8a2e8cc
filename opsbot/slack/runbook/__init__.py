"""Runbooks in Slack: listeners, forms, pages, notes, the Home tab."""
