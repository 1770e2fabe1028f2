"""The admin: categories are made here; what members wrote and what became of it is to be looked at."""

from community.admin import categories, records  # noqa: F401 - importing them registers them
