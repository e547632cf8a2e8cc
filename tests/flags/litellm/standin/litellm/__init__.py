"""Stands in for LiteLLM where that is not installed: what the plug-in uses of it, and nothing else."""

callbacks: list[object] = []
