"""Which triplets of a batch, or of a whole set, to learn from."""
