"""The steps of a restore, and the sentences about them."""
