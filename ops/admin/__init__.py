"""What staff see and do in the admin."""

from ops.admin import backups  # noqa: F401 - importing it registers it
