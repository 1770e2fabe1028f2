"""BackupLog: what was backed up, what was proven of it, and every step on the way.

It tells of backups; what counts is the manifest beside each of them, so that they are found when this table is gone.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from ops.querysets.backups import BackupLogQuerySet


class BackupKind(models.TextChoices):
    LOGICAL = "logical", "logical"
    PHYSICAL = "physical", "physical"


class BackupState(models.TextChoices):
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    DELETED = "deleted", "deleted"


class Verdict(models.TextChoices):
    UNKNOWN = "unknown", "not verified yet"
    PASSED = "passed", "restored and found equal"
    FAILED = "failed", "could not be proven"


class BackupLog(models.Model):
    name = models.CharField(max_length=60, unique=True, error_messages={"unique": "There is a backup of this name."})
    kind = models.CharField(max_length=10, choices=BackupKind, default=BackupKind.LOGICAL)
    state = models.CharField(max_length=10, choices=BackupState, default=BackupState.RUNNING)
    begun_at = models.DateTimeField("begun")
    ended_at = models.DateTimeField("ended", null=True, blank=True)
    error = models.TextField(blank=True)
    steps = models.JSONField(default=list, blank=True, help_text="Each with its seconds, and bytes if any flowed.")

    recovery_point = models.DateTimeField(
        null=True, blank=True, help_text="What was committed before this moment is in it."
    )
    database = models.CharField(max_length=63)
    database_size = models.BigIntegerField("size of the database", null=True, blank=True, help_text="Bytes.")
    size = models.BigIntegerField("size of the backup", null=True, blank=True, help_text="Bytes, in the storage.")
    sha256 = models.CharField("SHA-256 of the manifest", max_length=64, blank=True)
    objects_stored = models.JSONField("objects", default=list, blank=True, help_text="Name, bytes and SHA-256 of each.")
    postgres_version = models.CharField("version of PostgreSQL", max_length=50, blank=True)
    app_version = models.CharField("version of the platform", max_length=50, blank=True)
    format_version = models.PositiveSmallIntegerField(null=True, blank=True)
    migrations = models.JSONField(default=list, blank=True)
    row_counts = models.JSONField(default=dict, blank=True)

    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.UNKNOWN)
    verified_at = models.DateTimeField("verified", null=True, blank=True)
    verification_error = models.TextField(blank=True)
    recovery_seconds = models.FloatField(
        null=True, blank=True, help_text="How long the test restore took, from the storage to a database in use."
    )
    restored_at = models.DateTimeField("restored", null=True, blank=True, help_text="For good, the last time.")
    deleted_at = models.DateTimeField("deleted", null=True, blank=True)

    objects = BackupLogQuerySet.as_manager()

    class Meta:
        verbose_name = "backup"
        ordering = ("-begun_at", "-id")
        indexes = [
            models.Index(fields=["state", "-begun_at"], name="backup_state_begun"),
        ]
        constraints = [
            models.UniqueConstraint(
                "kind",
                condition=Q(state="running"),
                name="backup_one_runs",
                violation_error_message="Another backup of this kind is running.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=BackupKind.values),
                name="backup_kind_known",
                violation_error_message="There is no such kind of backup.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=BackupState.values) & Q(verdict__in=Verdict.values),
                name="backup_state_known",
                violation_error_message="There is no such state of a backup.",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("begun_at")),
                name="backup_ends_after_begin",
                violation_error_message="A backup cannot end before it has begun.",
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True) | Q(~Q(state="running"), ended_at__isnull=False),
                name="backup_running_has_no_end",
                violation_error_message="A backup has an end when, and only when, it runs no longer.",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("done", "deleted"))
                | Q(size__isnull=False, size__gt=0, sha256__regex="^[0-9a-f]{64}$", recovery_point__isnull=False),
                name="backup_done_is_whole",
                violation_error_message="A backup that is done has a size, a SHA-256 and a recovery point.",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""),
                name="backup_failure_has_words",
                violation_error_message="A backup that failed says why.",
            ),
            models.CheckConstraint(
                condition=Q(verdict="unknown", verified_at__isnull=True)
                | Q(
                    verdict="passed",
                    verified_at__isnull=False,
                    recovery_seconds__isnull=False,
                    recovery_seconds__gt=0,
                    verification_error="",
                )
                | Q(~Q(verification_error=""), verdict="failed", verified_at__isnull=False),
                name="backup_verdict_is_founded",
                violation_error_message="A verdict has its time, and a recovery time or the reason of a failure.",
            ),
            models.CheckConstraint(
                condition=Q(verdict="unknown") | Q(state__in=("done", "deleted")),
                name="backup_verified_is_done",
                violation_error_message="Only a backup that is done can be verified.",
            ),
            models.CheckConstraint(
                condition=Q(state="deleted", deleted_at__isnull=False)
                | Q(~Q(state="deleted"), deleted_at__isnull=True),
                name="backup_deleted_has_time",
                violation_error_message="A backup that is deleted says when that was.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def duration(self) -> timedelta | None:
        return self.ended_at - self.begun_at if self.ended_at else None
