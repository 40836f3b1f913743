"""A trained model as a folder that needs nothing else."""
