"""The HTTP side at its promised interface."""
