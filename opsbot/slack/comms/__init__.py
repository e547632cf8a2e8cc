"""Messages to people in Slack: listeners and forms."""
