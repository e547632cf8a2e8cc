"""An incident in the chat: its channel, card, messages and reminders, each a step that may fail alone."""
