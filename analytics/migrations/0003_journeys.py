"""Journeys, and one dimension more; nothing that is there changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0002_dead_letters'),
    ]

    operations = [
        migrations.AlterField(
            model_name='dailycount',
            name='dimension',
            field=models.TextField(choices=[('site', 'the whole site'), ('page', 'pages'), ('entry', 'first pages of visits'), ('exit', 'last pages of visits'), ('step', 'from one page to the next'), ('source', 'sources of visits'), ('medium', 'media of campaigns'), ('campaign', 'campaigns'), ('country', 'countries of the time zone'), ('device', 'devices'), ('browser', 'browsers'), ('system', 'systems'), ('tier', 'tiers'), ('event', 'names of events'), ('feature', 'features'), ('tutorial_started', 'tutorials begun'), ('tutorial_finished', 'tutorials finished'), ('tutorial_block', 'blocks of tutorials reached'), ('tutorial_time', 'time in tutorials'), ('engagement', 'deeds in the community'), ('subscription', 'what became of subscriptions'), ('sign_up', 'sign-ups, by the source of the visit'), ('members', 'active members of the day, of 7 and of 30 days'), ('goal', 'goals reached, by the source of the visit'), ('goal_page', 'goals reached, by the page before'), ('funnel', 'steps of funnels reached'), ('vital', 'speed of pages, in buckets'), ('scroll', 'how far pages were read'), ('kept_out', 'requests that were not counted')]),
        ),
        migrations.AlterField(
            model_name='hourlycount',
            name='dimension',
            field=models.TextField(choices=[('site', 'the whole site'), ('page', 'pages'), ('entry', 'first pages of visits'), ('exit', 'last pages of visits'), ('step', 'from one page to the next'), ('source', 'sources of visits'), ('medium', 'media of campaigns'), ('campaign', 'campaigns'), ('country', 'countries of the time zone'), ('device', 'devices'), ('browser', 'browsers'), ('system', 'systems'), ('tier', 'tiers'), ('event', 'names of events'), ('feature', 'features'), ('tutorial_started', 'tutorials begun'), ('tutorial_finished', 'tutorials finished'), ('tutorial_block', 'blocks of tutorials reached'), ('tutorial_time', 'time in tutorials'), ('engagement', 'deeds in the community'), ('subscription', 'what became of subscriptions'), ('sign_up', 'sign-ups, by the source of the visit'), ('members', 'active members of the day, of 7 and of 30 days'), ('goal', 'goals reached, by the source of the visit'), ('goal_page', 'goals reached, by the page before'), ('funnel', 'steps of funnels reached'), ('vital', 'speed of pages, in buckets'), ('scroll', 'how far pages were read'), ('kept_out', 'requests that were not counted')]),
        ),
        migrations.AlterField(
            model_name='savedmetric',
            name='dimension',
            field=models.CharField(choices=[('site', 'the whole site'), ('page', 'pages'), ('entry', 'first pages of visits'), ('exit', 'last pages of visits'), ('step', 'from one page to the next'), ('source', 'sources of visits'), ('medium', 'media of campaigns'), ('campaign', 'campaigns'), ('country', 'countries of the time zone'), ('device', 'devices'), ('browser', 'browsers'), ('system', 'systems'), ('tier', 'tiers'), ('event', 'names of events'), ('feature', 'features'), ('tutorial_started', 'tutorials begun'), ('tutorial_finished', 'tutorials finished'), ('tutorial_block', 'blocks of tutorials reached'), ('tutorial_time', 'time in tutorials'), ('engagement', 'deeds in the community'), ('subscription', 'what became of subscriptions'), ('sign_up', 'sign-ups, by the source of the visit'), ('members', 'active members of the day, of 7 and of 30 days'), ('goal', 'goals reached, by the source of the visit'), ('goal_page', 'goals reached, by the page before'), ('funnel', 'steps of funnels reached'), ('vital', 'speed of pages, in buckets'), ('scroll', 'how far pages were read'), ('kept_out', 'requests that were not counted')], max_length=30),
        ),
        migrations.CreateModel(
            name='Journey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('event', models.CharField(default='page_view', max_length=40)),
                ('subject', models.CharField(blank=True, help_text='Such as /pricing/ or /tutorials/*; empty: whatever it is about.', max_length=200)),
                ('steps', models.PositiveSmallIntegerField(default=4, help_text='How long the ways are, with it: 3 to 5.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.CheckConstraint(condition=models.Q(('steps__gte', 3), ('steps__lte', 5)), name='journey_of_some_steps', violation_error_message='A journey has 3 to 5 steps.')],
            },
        ),
    ]
