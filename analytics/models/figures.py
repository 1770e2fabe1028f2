"""The right to see what events add up to."""

from __future__ import annotations

from django.db import models

MAY_SEE = "analytics.view_figures"


class Figures(models.Model):  # noqa: DJ008 - there is never one to name
    """No table: a name for the right to see the dashboard (analytics.reports), and its place in the admin."""

    class Meta:
        managed = False
        default_permissions = ("view",)
        verbose_name = verbose_name_plural = "figures"
