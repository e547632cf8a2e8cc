"""Evaluation results, in the formats of the tools that make them."""
