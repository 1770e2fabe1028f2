"""The right to see what comes in."""

from __future__ import annotations

from django.db import models


class Revenue(models.Model):  # noqa: DJ008 - there is never one to name
    """No table: a name for the right to see the reports (billing.reports), and their place in the admin."""

    class Meta:
        managed = False
        default_permissions = ("view",)
        verbose_name = verbose_name_plural = "revenue"
