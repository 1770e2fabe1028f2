"""A like waits for a worker to tell of it; those that are there have been told of, as those of the release before are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("community", "0005_notifications_by_time")]

    operations = [
        migrations.AddField(
            "like",
            "is_told",
            models.BooleanField(db_default=models.Value(True), default=False, editable=False),  # noqa: FBT003 - no other name in SQL
        )
    ]
