"""Labelled pictures for training: reading, checking and packing them."""
