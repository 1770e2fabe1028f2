"""The shapes of what people send and ask for."""
