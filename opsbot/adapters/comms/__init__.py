"""Templates of messages to people: read from files, checked, and filled within a box that nothing leaves."""
