"""A vocabulary for corrections, and what search needs at a hundred thousand tutorials."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

from tutorials.vocabulary import refresh_vocabulary


def count_words(apps, schema_editor):
    """Otherwise nothing would be corrected before the next night."""
    refresh_vocabulary()


class Migration(migrations.Migration):

    dependencies = [
        ('tutorials', '0003_learning'),
    ]

    operations = [
        # Texts lie outside of the rows as soon as a row is longer than this (bytes; PostgreSQL's own choice is
        # 2,000), so that the rows of a list or of a search lie close together: 4 times fewer pages are read.
        migrations.RunSQL(
            'ALTER TABLE tutorials_tutorial SET (toast_tuple_target = 512)',
            'ALTER TABLE tutorials_tutorial RESET (toast_tuple_target)',
        ),
        migrations.AddIndex(
            model_name='tutorial',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector('title', 'keywords', config='english'), name='tutorial_titles'),
        ),
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('word', models.CharField(max_length=30, primary_key=True, serialize=False)),
                ('tutorials', models.PositiveIntegerField(default=1)),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(models.F('word'), name='gin_trgm_ops'), name='search_word_trigrams')],
            },
        ),
        migrations.RunPython(count_words, migrations.RunPython.noop),
    ]
