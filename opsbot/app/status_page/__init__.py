"""The public status page: what was published to users, as a page, a feed and JSON that need nothing else."""
