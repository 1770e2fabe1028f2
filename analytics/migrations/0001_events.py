"""Events, split by month; what they add up to; what staff define."""

import common.outside
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TABLE = """
CREATE TABLE analytics_useranalytics (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    user_id bigint,
    visitor bigint CHECK (visitor < 0),
    audience_id integer NOT NULL,
    name text NOT NULL,
    subject text NOT NULL,
    source text NOT NULL,
    properties jsonb NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX event_of_user ON analytics_useranalytics (user_id, id) WHERE user_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0008_browser_sessions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                (
                    "dimension",
                    models.TextField(
                        choices=[
                            ("site", "the whole site"),
                            ("page", "pages"),
                            ("entry", "first pages of visits"),
                            ("exit", "last pages of visits"),
                            ("step", "from one page to the next"),
                            ("source", "sources of visits"),
                            ("medium", "media of campaigns"),
                            ("campaign", "campaigns"),
                            ("country", "countries of the time zone"),
                            ("device", "devices"),
                            ("browser", "browsers"),
                            ("system", "systems"),
                            ("tier", "tiers"),
                            ("event", "names of events"),
                            ("feature", "features"),
                            ("tutorial_started", "tutorials begun"),
                            ("tutorial_finished", "tutorials finished"),
                            ("tutorial_block", "blocks of tutorials reached"),
                            ("tutorial_time", "time in tutorials"),
                            ("engagement", "deeds in the community"),
                            ("subscription", "what became of subscriptions"),
                            ("sign_up", "sign-ups, by the source of the visit"),
                            ("members", "active members of the day, of 7 and of 30 days"),
                            ("goal", "goals reached, by the source of the visit"),
                            ("goal_page", "goals reached, by the page before"),
                            ("funnel", "steps of funnels reached"),
                            ("vital", "speed of pages, in buckets"),
                            ("kept_out", "requests that were not counted"),
                        ]
                    ),
                ),
                ("key", models.TextField(blank=True)),
                ("segment", models.IntegerField()),
                ("events", models.BigIntegerField(default=0)),
                ("visitors", models.BigIntegerField(default=0)),
                ("visits", models.BigIntegerField(default=0)),
                ("bounces", models.BigIntegerField(default=0)),
                ("seconds", models.BigIntegerField(default=0)),
                (
                    "amount",
                    models.BigIntegerField(default=0, help_text="Such as cents; what it is depends on the dimension."),
                ),
                ("day", models.DateField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "dimension",
                        "segment",
                        "day",
                        "key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DirtyHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Goal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("event", models.CharField(max_length=40)),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        help_text="Such as /pricing/ or /tutorials/*; empty: whatever it is about.",
                        max_length=200,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="HourlyCount",
            fields=[
                (
                    "dimension",
                    models.TextField(
                        choices=[
                            ("site", "the whole site"),
                            ("page", "pages"),
                            ("entry", "first pages of visits"),
                            ("exit", "last pages of visits"),
                            ("step", "from one page to the next"),
                            ("source", "sources of visits"),
                            ("medium", "media of campaigns"),
                            ("campaign", "campaigns"),
                            ("country", "countries of the time zone"),
                            ("device", "devices"),
                            ("browser", "browsers"),
                            ("system", "systems"),
                            ("tier", "tiers"),
                            ("event", "names of events"),
                            ("feature", "features"),
                            ("tutorial_started", "tutorials begun"),
                            ("tutorial_finished", "tutorials finished"),
                            ("tutorial_block", "blocks of tutorials reached"),
                            ("tutorial_time", "time in tutorials"),
                            ("engagement", "deeds in the community"),
                            ("subscription", "what became of subscriptions"),
                            ("sign_up", "sign-ups, by the source of the visit"),
                            ("members", "active members of the day, of 7 and of 30 days"),
                            ("goal", "goals reached, by the source of the visit"),
                            ("goal_page", "goals reached, by the page before"),
                            ("funnel", "steps of funnels reached"),
                            ("vital", "speed of pages, in buckets"),
                            ("kept_out", "requests that were not counted"),
                        ]
                    ),
                ),
                ("key", models.TextField(blank=True)),
                ("segment", models.IntegerField()),
                ("events", models.BigIntegerField(default=0)),
                ("visitors", models.BigIntegerField(default=0)),
                ("visits", models.BigIntegerField(default=0)),
                ("bounces", models.BigIntegerField(default=0)),
                ("seconds", models.BigIntegerField(default=0)),
                (
                    "amount",
                    models.BigIntegerField(default=0, help_text="Such as cents; what it is depends on the dimension."),
                ),
                ("hour", models.DateTimeField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "dimension",
                        "segment",
                        "hour",
                        "key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="MemberSummary",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("first_seen", models.DateField(null=True)),
                ("signed_up_at", models.DateTimeField(db_index=True, null=True)),
                ("source", models.TextField(blank=True)),
                ("campaign", models.TextField(blank=True)),
                ("entry", models.TextField(blank=True)),
                ("first_started_at", models.DateTimeField(null=True)),
                ("first_finished_at", models.DateTimeField(null=True)),
                ("premium_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "member summaries",
            },
        ),
        migrations.CreateModel(
            name="SavedMetric",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("site", "the whole site"),
                            ("page", "pages"),
                            ("entry", "first pages of visits"),
                            ("exit", "last pages of visits"),
                            ("step", "from one page to the next"),
                            ("source", "sources of visits"),
                            ("medium", "media of campaigns"),
                            ("campaign", "campaigns"),
                            ("country", "countries of the time zone"),
                            ("device", "devices"),
                            ("browser", "browsers"),
                            ("system", "systems"),
                            ("tier", "tiers"),
                            ("event", "names of events"),
                            ("feature", "features"),
                            ("tutorial_started", "tutorials begun"),
                            ("tutorial_finished", "tutorials finished"),
                            ("tutorial_block", "blocks of tutorials reached"),
                            ("tutorial_time", "time in tutorials"),
                            ("engagement", "deeds in the community"),
                            ("subscription", "what became of subscriptions"),
                            ("sign_up", "sign-ups, by the source of the visit"),
                            ("members", "active members of the day, of 7 and of 30 days"),
                            ("goal", "goals reached, by the source of the visit"),
                            ("goal_page", "goals reached, by the page before"),
                            ("funnel", "steps of funnels reached"),
                            ("vital", "speed of pages, in buckets"),
                            ("kept_out", "requests that were not counted"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="One of the dimension; empty: all together.", max_length=200
                    ),
                ),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("events", "events"),
                            ("visitors", "visitors"),
                            ("visits", "visits"),
                            ("seconds", "seconds"),
                            ("amount", "amount"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "tier",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("visitor", "visitor"),
                            ("free", "free member"),
                            ("premium", "premium member"),
                            ("", "unknown"),
                        ],
                        max_length=10,
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                (
                    "device",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("desktop", "desktop"),
                            ("phone", "phone"),
                            ("tablet", "tablet"),
                            ("program", "program"),
                            ("", "unknown"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="WeeklyReader",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="weekly_analytics",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("told", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Figures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "figures",
                "verbose_name_plural": "figures",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Funnel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("steps", models.JSONField()),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="How long somebody may take (1 to 30). Beyond one day only members can be followed.",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("name",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 1), ("days__lte", 30)),
                        name="funnel_within_days",
                        violation_error_message="A funnel may take 1 to 30 days.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(db_index=True)),
                ("text", models.CharField(max_length=200)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-day", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="AlertRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("above", "above a number"),
                            ("below", "below a number"),
                            ("change", "changed by more than per cent, against the period before"),
                            ("silence", "nothing at all"),
                            ("anomaly", "unlike the same weekday of the weeks before"),
                        ],
                        max_length=10,
                    ),
                ),
                ("period", models.CharField(choices=[("hour", "hour"), ("day", "day")], default="day", max_length=4)),
                ("threshold", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                (
                    "recipients",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        help_text="Addresses, with commas between.",
                        size=20,
                    ),
                ),
                ("webhook_url", models.URLField(blank=True, validators=[common.outside.check_address])),
                ("is_active", models.BooleanField(default=True)),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="analytics.savedmetric"
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "tier",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("visitor", "visitor"),
                            ("free", "free member"),
                            ("premium", "premium member"),
                            ("", "unknown"),
                        ],
                    ),
                ),
                (
                    "country",
                    models.TextField(blank=True, help_text="Of the time zone, ISO 3166-1 alpha-2; empty: unknown."),
                ),
                (
                    "device",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("desktop", "desktop"),
                            ("phone", "phone"),
                            ("tablet", "tablet"),
                            ("program", "program"),
                            ("", "unknown"),
                        ],
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tier", "country", "device"), name="segment_once")],
            },
        ),
        migrations.CreateModel(
            name="Audience",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("browser", models.TextField(blank=True)),
                ("system", models.TextField(blank=True)),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="audiences", to="analytics.segment"
                    ),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="UserAnalytics",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("at", models.DateTimeField(verbose_name="time")),
                        (
                            "name",
                            models.TextField(
                                choices=[
                                    ("page_view", "a page was looked at"),
                                    ("page_left", "a page was left, with the attention it got"),
                                    ("feature", "a feature was used"),
                                    ("tutorial_progress", "somebody came further in a tutorial"),
                                    ("engagement", "somebody took part in the community"),
                                    ("subscription", "a subscription began, went on, changed or ended"),
                                    ("sign_up", "somebody signed up"),
                                    ("kept_out", "requests that were not counted, by the reason"),
                                ]
                            ),
                        ),
                        (
                            "visitor",
                            models.BigIntegerField(
                                blank=True, help_text="A browser on one day; never a positive number.", null=True
                            ),
                        ),
                        ("subject", models.TextField(blank=True)),
                        ("source", models.TextField(blank=True)),
                        ("properties", models.JSONField(blank=True, default=dict)),
                        (
                            "audience",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="analytics.audience",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "event",
                    },
                ),
                migrations.AddIndex(
                    model_name="useranalytics",
                    index=models.Index(
                        condition=models.Q(("user__isnull", False)), fields=["user", "id"], name="event_of_user"
                    ),
                ),
            ],
            database_operations=[migrations.RunSQL(TABLE, "DROP TABLE analytics_useranalytics")],
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("period_start", models.DateTimeField()),
                ("value", models.DecimalField(decimal_places=2, max_digits=16)),
                ("expected", models.DecimalField(decimal_places=2, max_digits=16, null=True)),
                ("words", models.TextField()),
                ("mailed_at", models.DateTimeField(null=True)),
                ("posted_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="analytics.alertrule"
                    ),
                ),
            ],
            options={
                "ordering": ("-began_at",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("rule",), name="alert_one_at_a_time"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberDay",
            fields=[
                ("day", models.DateField()),
                ("segment", models.IntegerField()),
                ("views", models.IntegerField(default=0)),
                ("seconds", models.IntegerField(default=0)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day", "user", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "day"], name="days_of_member")],
            },
        ),
        migrations.AddConstraint(
            model_name="audience",
            constraint=models.UniqueConstraint(fields=("segment", "browser", "system"), name="audience_once"),
        ),
    ]
