"""Model manifests, and weights that were checked before they are used."""
