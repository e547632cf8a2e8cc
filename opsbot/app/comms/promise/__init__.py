"""When the next word is due: the cadence, its reminders, and the promises that people move."""
