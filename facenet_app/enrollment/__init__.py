"""Enrolling: from pictures of people to samples in the gallery, a person at a time or by the million."""
