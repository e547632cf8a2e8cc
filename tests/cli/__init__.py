"""The command line at its promised interface."""
