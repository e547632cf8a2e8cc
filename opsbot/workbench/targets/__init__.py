"""Local stand-ins for places that messages are published to, with the faults that such places have."""
