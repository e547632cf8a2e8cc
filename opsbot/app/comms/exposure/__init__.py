"""The track of incidents that may have exposed data: evidence first, and the clocks of the law."""
