"""Routes in Slack: listeners and the form."""
