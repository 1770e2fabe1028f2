"""What operations show in the admin."""

from ops.admin.system import SystemAdmin

__all__ = ["SystemAdmin"]
