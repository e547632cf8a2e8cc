"""One suite for each port, run against the memory twin and a real Valkey."""
