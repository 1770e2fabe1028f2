"""The log, split by day, and the kinds of errors in it."""

from django.db import migrations, models


LEVELS = [(10, "debug"), (20, "info"), (30, "warning"), (40, "error"), (50, "critical")]

TABLE = """
CREATE TABLE ops_systemlog (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    level smallint NOT NULL CHECK (level >= 0),
    logger text NOT NULL,
    message text NOT NULL,
    request_id text NOT NULL,
    user_id bigint,
    method text NOT NULL,
    path text NOT NULL,
    status smallint CHECK (status >= 0),
    duration_ms double precision,
    task text NOT NULL,
    process text NOT NULL,
    context jsonb NOT NULL,
    exception text NOT NULL,
    fingerprint text NOT NULL,
    PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
CREATE INDEX log_of_request ON ops_systemlog (request_id) WHERE NOT request_id = '';
CREATE INDEX log_of_trouble ON ops_systemlog (created_at DESC) WHERE level >= 30;
CREATE INDEX log_of_group ON ops_systemlog (fingerprint, created_at DESC) WHERE NOT fingerprint = '';
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="SystemLog",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("created_at", models.DateTimeField(verbose_name="time")),
                        ("level", models.PositiveSmallIntegerField(choices=LEVELS)),
                        ("logger", models.TextField(help_text="Who said it, such as billing.services.receiving.")),
                        ("message", models.TextField()),
                        (
                            "request_id",
                            models.TextField(
                                blank=True, help_text="The X-Request-ID of the answer, also that of tasks it led to."
                            ),
                        ),
                        ("user_id", models.BigIntegerField(blank=True, null=True, verbose_name="user")),
                        ("method", models.TextField(blank=True)),
                        ("path", models.TextField(blank=True)),
                        ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("duration_ms", models.FloatField(blank=True, null=True, verbose_name="milliseconds")),
                        ("task", models.TextField(blank=True)),
                        (
                            "process",
                            models.TextField(help_text="Which program said it, and its number on its machine."),
                        ),
                        ("context", models.JSONField(blank=True, default=dict)),
                        ("exception", models.TextField(blank=True)),
                        (
                            "fingerprint",
                            models.TextField(blank=True, help_text="The same for errors of one kind."),
                        ),
                    ],
                    options={
                        "verbose_name": "log record",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("request_id", ""), _negated=True),
                                fields=["request_id"],
                                name="log_of_request",
                            ),
                            models.Index(
                                condition=models.Q(("level__gte", 30)), fields=["-created_at"], name="log_of_trouble"
                            ),
                            models.Index(
                                condition=models.Q(("fingerprint", ""), _negated=True),
                                fields=["fingerprint", "-created_at"],
                                name="log_of_group",
                            ),
                        ],
                    },
                )
            ],
            database_operations=[migrations.RunSQL(TABLE, "DROP TABLE ops_systemlog")],
        ),
        migrations.CreateModel(
            name="ErrorGroup",
            fields=[
                ("fingerprint", models.TextField(editable=False, primary_key=True, serialize=False)),
                ("title", models.TextField()),
                ("logger", models.TextField()),
                ("level", models.PositiveSmallIntegerField(choices=LEVELS)),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
                ("count", models.PositiveBigIntegerField()),
                ("sample", models.UUIDField(help_text="The newest record of the kind.")),
                ("exception", models.TextField(blank=True, help_text="The newest one's.")),
                ("context", models.JSONField(blank=True, default=dict, help_text="The newest one's.")),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "returns",
                    models.PositiveIntegerField(default=0, help_text="How often it came back after it was resolved."),
                ),
            ],
            options={
                "verbose_name": "kind of error",
                "verbose_name_plural": "kinds of errors",
                "indexes": [models.Index(fields=["-last_seen"], name="error_last_seen")],
            },
        ),
    ]
