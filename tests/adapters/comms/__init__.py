"""Templates of messages: the box, the files, their rules, and what comes out of them."""
