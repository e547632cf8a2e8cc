"""The nouns of the field: pure values and rules, no I/O, no clock."""
