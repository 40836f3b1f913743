"""A post drawn as a picture."""
