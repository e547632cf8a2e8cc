"""Stands in for `litellm.integrations`."""
