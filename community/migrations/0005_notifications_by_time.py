"""Old notifications are found by the order in which they lie."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("community", "0004_no_trigrams_of_titles")]

    operations = [migrations.AddIndex("notification", BrinIndex(fields=["at"], name="notification_old"))]
