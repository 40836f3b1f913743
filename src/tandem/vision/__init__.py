"""Pictures to frozen features: safe opening, one module per encoder family, extraction, and the cache."""
