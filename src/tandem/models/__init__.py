"""Text encoder, fusion and head joined into models, and their checkpoints."""
