from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ops", "0002_backuplog")]

    operations = [
        migrations.CreateModel(
            name="ScheduledRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("command", models.CharField(max_length=100)),
                ("slot", models.DateTimeField()),
                ("task_id", models.CharField(max_length=100)),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("command", "slot"),
                        name="ops_scheduledrun_once",
                        violation_error_message="This command has run for this time.",
                    )
                ],
            },
        ),
    ]
