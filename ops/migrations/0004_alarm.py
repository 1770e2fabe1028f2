from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ops", "0003_scheduledrun"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=150)),
                ("text", models.TextField()),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("told_begin", models.BooleanField(default=False)),
                ("told_end", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [models.Index(fields=["-begun_at"], name="ops_alarm_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("key",),
                        name="ops_alarm_once",
                        violation_error_message="This problem is known.",
                    )
                ],
            },
        ),
    ]
