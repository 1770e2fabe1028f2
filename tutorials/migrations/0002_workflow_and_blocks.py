"""Tags, the whole workflow, blocks and quizzes; what may be found by whom."""

from dataclasses import asdict

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
from django.db import migrations, models

from common import markdown
from tutorials import quiz


def render(apps, schema_editor):
    """Make what is new of each text; where a block began it still begins."""
    Tutorial = apps.get_model('tutorials', 'Tutorial')
    for tutorial in Tutorial.objects.only('body').iterator():
        text, source = quiz.split(tutorial.body)
        rendered = markdown.render(text)
        tutorial.text = rendered.text
        tutorial.opening_text = "\n".join([rendered.opening_text, *(block.text for block in rendered.blocks)])
        tutorial.blocks = [asdict(block) for block in rendered.blocks]
        tutorial.body_html = rendered.html
        tutorial.opening_html = rendered.opening_html
        tutorial.quiz = quiz.parse(source).to_json() if source else None
        tutorial.save(update_fields=['text', 'opening_text', 'blocks', 'body_html', 'opening_html', 'quiz'])


def know_two_statuses_only(apps, schema_editor):
    """On the way back: what readers do not see is a draft again."""
    apps.get_model('tutorials', 'Tutorial').objects.exclude(status='published').update(status='draft')


class Migration(migrations.Migration):

    dependencies = [
        ('tutorials', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='tutorial',
            name='tutorial_status_known',
        ),
        migrations.RemoveIndex(
            model_name='tutorial',
            name='tutorial_search',
        ),
        migrations.RemoveField(
            model_name='tutorial',
            name='search',
        ),
        migrations.RemoveField(
            model_name='tutorial',
            name='headings',
        ),
        migrations.AddField(
            model_name='tutorial',
            name='approved_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='blocks',
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='keywords',
            field=models.CharField(default='', editable=False, max_length=400),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='opening_text',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='text',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='pass_mark',
            field=models.PositiveSmallIntegerField(default=80, validators=[django.core.validators.MinValueValidator(1, 'The pass mark is a percentage from 1 to 100.'), django.core.validators.MaxValueValidator(100, 'The pass mark is a percentage from 1 to 100.')], help_text='Percent of the quiz that must be right; only matters where the text has one.'),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='quiz',
            field=models.JSONField(default=None, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='source',
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='source_path',
            field=models.CharField(blank=True, editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='tags',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40, validators=[django.core.validators.RegexValidator('\\A[a-z0-9](?:-?[a-z0-9]){0,39}\\Z', 'Use small letters, digits and single hyphens in a tag.')]), blank=True, default=list, error_messages={'item_invalid': 'Tag %(nth)s:'}, help_text='Up to 8, such as prompting, evaluation.', size=8),
        ),
        migrations.AlterField(
            model_name='tutorial',
            name='status',
            field=models.CharField(choices=[('draft', 'Draft'), ('in_review', 'In Review'), ('published', 'Published'), ('archived', 'Archived')], default='draft', max_length=9),
        ),
        migrations.RunPython(render, know_two_statuses_only),
        migrations.AddField(
            model_name='tutorial',
            name='search',
            field=models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector('title', config='english', weight='A'), '||', django.contrib.postgres.search.SearchVector('keywords', config='english', weight='A'), django.contrib.postgres.search.SearchConfig('english')), '||', django.contrib.postgres.search.SearchVector('summary', config='english', weight='B'), django.contrib.postgres.search.SearchConfig('english')), '||', django.contrib.postgres.search.SearchVector('text', config='english', weight='C'), django.contrib.postgres.search.SearchConfig('english')), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
        migrations.AddField(
            model_name='tutorial',
            name='open_search',
            field=models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector('title', config='english', weight='A'), '||', django.contrib.postgres.search.SearchVector('keywords', config='english', weight='A'), django.contrib.postgres.search.SearchConfig('english')), '||', django.contrib.postgres.search.SearchVector('summary', config='english', weight='B'), django.contrib.postgres.search.SearchConfig('english')), '||', django.contrib.postgres.search.SearchVector(models.Case(models.When(access='free', then=models.F('text')), default=models.F('opening_text')), config='english', weight='C'), django.contrib.postgres.search.SearchConfig('english')), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
        migrations.AddIndex(
            model_name='tutorial',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search'], name='tutorial_search'),
        ),
        migrations.AddIndex(
            model_name='tutorial',
            index=models.Index(condition=models.Q(('status', 'published')), fields=['difficulty', 'published_at', 'id'], name='tutorial_by_level'),
        ),
        migrations.AddIndex(
            model_name='tutorial',
            index=models.Index(condition=models.Q(('status', 'published')), fields=['access', 'published_at', 'id'], name='tutorial_by_access'),
        ),
        migrations.AddIndex(
            model_name='tutorial',
            index=django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='tutorial_tags'),
        ),
        migrations.AddIndex(
            model_name='tutorial',
            index=django.contrib.postgres.indexes.GinIndex(fields=['open_search'], name='tutorial_open_search'),
        ),
        migrations.AddConstraint(
            model_name='tutorial',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'in_review', 'published', 'archived'])), name='tutorial_status_known', violation_error_message='Choose draft, in review, published or archived.'),
        ),
        migrations.AddConstraint(
            model_name='tutorial',
            constraint=models.CheckConstraint(condition=models.Q(('pass_mark__range', (1, 100))), name='tutorial_pass_mark_percent', violation_error_message='The pass mark is a percentage from 1 to 100.'),
        ),
    ]
