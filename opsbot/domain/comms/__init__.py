"""What people are told: templates, messages, promises, facts, and what users read in the app."""
