"""Backups: taken, proven by restoring them, restored, kept as long as they should be, and watched."""
