"""The shapes of what people send of their account, and of what staff ask for and change."""
