"""The right to see how the platform fares."""

from __future__ import annotations

from django.db import models


class System(models.Model):  # noqa: DJ008 - there is never one to name
    """No table: a name for the right to see the page "System" (ops.admin.system), and its place in the admin."""

    class Meta:
        managed = False
        default_permissions = ("view",)
        verbose_name = verbose_name_plural = "system"
