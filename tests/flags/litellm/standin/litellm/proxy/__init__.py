"""Stands in for `litellm.proxy`."""
