"""The training loop and its parts: sampling, rates, resumable state."""
