"""Where a message goes: the targets that are chosen, and the forms that each of them is given."""
