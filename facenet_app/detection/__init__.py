"""Finding faces and choosing among them."""
