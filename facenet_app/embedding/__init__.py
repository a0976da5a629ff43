"""From an aligned face crop to a point on the unit sphere."""
