"""Tests of the transport guard, against a real server on loopback."""
