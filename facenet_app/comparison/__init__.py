"""Distances between embeddings, and decisions by threshold."""
