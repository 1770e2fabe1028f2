"""Reads that have a name."""
