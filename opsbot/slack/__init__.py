"""The Slack side: parse, call one use case, render."""
