"""Face verification with measured thresholds; see README.md."""

__version__ = "0.1.0"
