"""Everything is broken in turn, under load, and has to come back by itself: `make chaos`."""
