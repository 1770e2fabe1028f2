"""The admin: authors write, staff keep order."""

from tutorials.admin import achievements, certificates, learning, tracks, tutorials  # noqa: F401 - importing them registers them
