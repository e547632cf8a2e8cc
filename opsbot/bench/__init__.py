"""Figures with their floors beside them, measured in one run."""
