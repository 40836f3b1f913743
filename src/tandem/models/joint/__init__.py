"""Joint encoders: models whose text positions have read the picture. See `build` for the list."""
