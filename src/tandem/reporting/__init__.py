"""Plots, tables and one page out of results; nothing here opens a model."""
