"""What operators see and do in the admin."""

from ops.admin import (  # noqa: F401 - importing them registers them
    backups,
    logs,
    system,
)
