"""Tests of the measurements: their shape and arithmetic, never a time."""
