"""Tandem: entities and relations out of social-media posts, reading text and picture in tandem."""

__version__ = "0.1.0"
