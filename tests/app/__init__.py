"""The use cases through the bot, on the memory twin."""
