"""Pictures for the chat, drawn with Pillow."""
