"""The likes that wait are found by an index of few rows."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("community", "0006_told_likes")]

    operations = [AddIndexConcurrently("like", models.Index("id", name="like_untold", condition=Q(is_told=False)))]
