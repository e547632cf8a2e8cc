"""The HTTP side: one ASGI app."""
