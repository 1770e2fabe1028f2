"""Lines that the database refused as events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_events")]

    operations = [
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                ("id", models.CharField(editable=False, max_length=64, primary_key=True, serialize=False)),
                ("set_aside_at", models.DateTimeField(db_index=True)),
                ("error", models.TextField()),
                ("line", models.BinaryField()),
            ],
            options={"ordering": ("set_aside_at", "id")},
        ),
    ]
