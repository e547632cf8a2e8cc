"""Who may do what, as a company declares it: rules, people, and the words for a verdict."""
