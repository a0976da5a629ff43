"""Training embeddings with triplets that are mined online."""
