"""A chat model behind an OpenAI-compatible endpoint, asked for the same answers as a trained one."""
