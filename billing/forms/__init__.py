"""The shape of what staff and members enter."""
