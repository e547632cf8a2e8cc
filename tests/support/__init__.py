"""What several test folders share: waiting, builders, running servers."""
