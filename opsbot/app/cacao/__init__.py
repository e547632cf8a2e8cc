"""Runbooks as CACAO 2.0 playbooks."""
