"""Prediction files set beside each other: `tandem compare`."""
