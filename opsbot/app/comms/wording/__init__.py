"""What a message may not say: the check, its lists of words, and what each language adds."""
