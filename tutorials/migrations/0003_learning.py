"""What learners do, what authors leave behind, tracks and achievements."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import tutorials.metrics
import tutorials.models.authoring
import tutorials.pictures
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_erasure_files'),
        ('tutorials', '0002_workflow_and_blocks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Achievement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(error_messages={'unique': 'There is already an achievement with this code.'}, max_length=60, unique=True)),
                ('title', models.CharField(max_length=80)),
                ('description', models.CharField(help_text='What one does to earn it.', max_length=200)),
                ('picture', models.TextField(help_text='SVG: shapes only, no script, no style, nothing from elsewhere.', validators=[django.core.validators.MaxLengthValidator(8192), tutorials.pictures.check_svg])),
                ('rule', models.CharField(choices=tutorials.metrics.choices, max_length=40)),
                ('threshold', models.PositiveIntegerField()),
                ('is_active', models.BooleanField(default=True, verbose_name='can be earned')),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['position', 'threshold', 'code'],
            },
        ),
        migrations.CreateModel(
            name='Award',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('earned_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Bookmark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('block', models.CharField(blank=True, max_length=80)),
                ('note', models.TextField(blank=True, help_text='Only you see it.', max_length=2000, validators=[django.core.validators.MaxLengthValidator(2000)])),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='Learner',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                ('credit', models.FloatField(default=600)),
                ('credited_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('streak', models.PositiveIntegerField(default=0)),
                ('longest_streak', models.PositiveIntegerField(default=0)),
                ('last_day', models.DateField(blank=True, null=True)),
                ('daily_goal', models.PositiveSmallIntegerField(default=10, help_text='Minutes.')),
            ],
        ),
        migrations.CreateModel(
            name='LearningDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('seconds', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['-day'],
            },
        ),
        migrations.CreateModel(
            name='QuizAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=80)),
                ('chosen', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), default=list, size=None)),
                ('right', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='QuizAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('score', models.FloatField()),
                ('passed', models.BooleanField()),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='ReviewNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('verdict', models.CharField(choices=[('comment', 'Comment'), ('approved', 'Approved'), ('changes_requested', 'Changes Requested')], default='comment', max_length=17)),
                ('text', models.TextField(blank=True, validators=[django.core.validators.MaxLengthValidator(4000)])),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Track',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120)),
                ('slug', models.SlugField(error_messages={'unique': 'There is already a track with this slug.'}, max_length=80, unique=True)),
                ('summary', models.CharField(help_text='One sentence: what can one do at its end?', max_length=200)),
                ('is_published', models.BooleanField(default=False, verbose_name='published')),
                ('quizzes_required', models.BooleanField(default=False, help_text='Finished only when the quizzes of its tutorials are passed, too.')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Tracks are listed in this order.')),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['position', 'title'],
            },
        ),
        migrations.CreateModel(
            name='TrackCompletion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('completed_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='TrackStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='TutorialImage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, validators=[django.core.validators.RegexValidator('\\A(?!.*\\.\\.)[a-z0-9][a-z0-9_./-]{0,90}\\.(?:png|jpe?g|webp|gif)\\Z', 'Use a name such as images/first-answer.png: small letters, digits, hyphens; PNG, JPEG, WebP or GIF.')])),
                ('file', models.FileField(upload_to=tutorials.models.authoring.image_path)),
                ('kind', models.CharField(max_length=4)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('digest', models.CharField(help_text='SHA-256 of the file, in hexadecimal.', max_length=64)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='TutorialProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fraction', models.FloatField(default=0)),
                ('seconds', models.PositiveIntegerField(default=0, help_text='Of attention.')),
                ('visits', models.JSONField(default=list, editable=False)),
                ('block', models.CharField(blank=True, help_text='Where the reader was last; empty: the beginning.', max_length=80)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('moved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'progress',
            },
        ),
        migrations.CreateModel(
            name='TutorialVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('title', models.CharField(max_length=120)),
                ('summary', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None)),
                ('difficulty', models.CharField(choices=[('beginner', 'Beginner'), ('intermediate', 'Intermediate'), ('advanced', 'Advanced')], max_length=12)),
                ('access', models.CharField(choices=[('free', 'Free'), ('premium', 'Premium')], max_length=7)),
                ('pass_mark', models.PositiveSmallIntegerField()),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.AddConstraint(
            model_name='achievement',
            constraint=models.CheckConstraint(condition=models.Q(('threshold__gte', 1)), name='achievement_threshold_positive', violation_error_message='Choose a threshold of at least 1.'),
        ),
        migrations.AddField(
            model_name='award',
            name='achievement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='awards', to='tutorials.achievement'),
        ),
        migrations.AddField(
            model_name='award',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='awards', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bookmark',
            name='tutorial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bookmarks', to='tutorials.tutorial'),
        ),
        migrations.AddField(
            model_name='bookmark',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bookmarks', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='learner',
            constraint=models.CheckConstraint(condition=models.Q(('credit__range', (0, 600))), name='learner_credit_in_range'),
        ),
        migrations.AddConstraint(
            model_name='learner',
            constraint=models.CheckConstraint(condition=models.Q(('longest_streak__gte', models.F('streak'))), name='learner_longest_streak'),
        ),
        migrations.AddConstraint(
            model_name='learner',
            constraint=models.CheckConstraint(condition=models.Q(('daily_goal__range', (1, 600))), name='learner_daily_goal_in_range', violation_error_message='Choose a goal from 1 to 600 minutes.'),
        ),
        migrations.AddField(
            model_name='learningday',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='learning_days', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='quizattempt',
            name='tutorial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quiz_attempts', to='tutorials.tutorial'),
        ),
        migrations.AddField(
            model_name='quizattempt',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quiz_attempts', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='quizanswer',
            name='attempt',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='tutorials.quizattempt'),
        ),
        migrations.AddField(
            model_name='reviewnote',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reviewnote',
            name='tutorial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='review_notes', to='tutorials.tutorial'),
        ),
        migrations.AddField(
            model_name='trackcompletion',
            name='track',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='completions', to='tutorials.track'),
        ),
        migrations.AddField(
            model_name='trackcompletion',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='track_completions', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='trackstep',
            name='track',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='tutorials.track'),
        ),
        migrations.AddField(
            model_name='trackstep',
            name='tutorial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='tutorials.tutorial'),
        ),
        migrations.AddField(
            model_name='track',
            name='tutorials',
            field=models.ManyToManyField(related_name='tracks', through='tutorials.TrackStep', to='tutorials.tutorial'),
        ),
        migrations.AddField(
            model_name='tutorialimage',
            name='tutorial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='images', to='tutorials.tutorial'),
        ),
        migrations.AddField(
            model_name='tutorialprogress',
            name='tutorial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='progress', to='tutorials.tutorial'),
        ),
        migrations.AddField(
            model_name='tutorialprogress',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='progress', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='tutorialversion',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='tutorialversion',
            name='topic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tutorials.topic'),
        ),
        migrations.AddField(
            model_name='tutorialversion',
            name='tutorial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='tutorials.tutorial'),
        ),
        migrations.AddIndex(
            model_name='award',
            index=models.Index(condition=models.Q(('seen_at__isnull', True)), fields=['user'], name='award_unseen'),
        ),
        migrations.AddIndex(
            model_name='award',
            index=models.Index(fields=['user', '-earned_at', '-id'], name='award_newest'),
        ),
        migrations.AddConstraint(
            model_name='award',
            constraint=models.UniqueConstraint(fields=('user', 'achievement'), name='award_once'),
        ),
        migrations.AddIndex(
            model_name='bookmark',
            index=models.Index(fields=['user', '-created_at', '-id'], name='bookmark_newest'),
        ),
        migrations.AddConstraint(
            model_name='bookmark',
            constraint=models.UniqueConstraint(fields=('user', 'tutorial', 'block'), name='bookmark_once'),
        ),
        migrations.AddConstraint(
            model_name='learningday',
            constraint=models.UniqueConstraint(fields=('user', 'day'), name='learning_day_once'),
        ),
        migrations.AddIndex(
            model_name='quizattempt',
            index=models.Index(condition=models.Q(('passed', True)), fields=['user', 'tutorial'], name='quiz_passed'),
        ),
        migrations.AddIndex(
            model_name='quizattempt',
            index=models.Index(condition=models.Q(('number', 1)), fields=['tutorial'], name='quiz_first_attempts'),
        ),
        migrations.AddConstraint(
            model_name='quizattempt',
            constraint=models.UniqueConstraint(fields=('user', 'tutorial', 'number'), name='quiz_attempt_number_once'),
        ),
        migrations.AddConstraint(
            model_name='quizattempt',
            constraint=models.CheckConstraint(condition=models.Q(('score__gte', 0), ('score__lte', 1)), name='quiz_score_in_range'),
        ),
        migrations.AddConstraint(
            model_name='quizanswer',
            constraint=models.UniqueConstraint(fields=('attempt', 'question'), name='quiz_answer_once'),
        ),
        migrations.AddConstraint(
            model_name='reviewnote',
            constraint=models.CheckConstraint(condition=models.Q(('verdict', 'approved'), models.Q(('text', ''), _negated=True), _connector='OR'), name='review_note_says_something', violation_error_message='Say what should change.'),
        ),
        migrations.AddConstraint(
            model_name='reviewnote',
            constraint=models.CheckConstraint(condition=models.Q(('verdict__in', ['comment', 'approved', 'changes_requested'])), name='review_note_verdict_known', violation_error_message='Choose comment, approved or changes requested.'),
        ),
        migrations.AddConstraint(
            model_name='trackcompletion',
            constraint=models.UniqueConstraint(fields=('user', 'track'), name='track_completion_once'),
        ),
        migrations.AddConstraint(
            model_name='trackstep',
            constraint=models.UniqueConstraint(fields=('track', 'tutorial'), name='track_step_tutorial_once', violation_error_message='This track already has this tutorial.'),
        ),
        migrations.AddConstraint(
            model_name='tutorialimage',
            constraint=models.UniqueConstraint(fields=('tutorial', 'name'), name='tutorial_image_name_once', violation_error_message='This tutorial already has an image of this name.'),
        ),
        migrations.AddIndex(
            model_name='tutorialprogress',
            index=models.Index(fields=['user', '-moved_at'], name='progress_latest'),
        ),
        migrations.AddIndex(
            model_name='tutorialprogress',
            index=models.Index(fields=['tutorial', 'block'], name='progress_of_tutorial'),
        ),
        migrations.AddConstraint(
            model_name='tutorialprogress',
            constraint=models.UniqueConstraint(fields=('user', 'tutorial'), name='progress_once'),
        ),
        migrations.AddConstraint(
            model_name='tutorialprogress',
            constraint=models.CheckConstraint(condition=models.Q(('fraction__gte', 0), ('fraction__lte', 1)), name='progress_fraction_in_range', violation_error_message='Enter a fraction from 0 to 1.'),
        ),
        migrations.AddConstraint(
            model_name='tutorialprogress',
            constraint=models.CheckConstraint(condition=models.Q(('completed_at__isnull', True), ('fraction', 1), _connector='OR'), name='progress_completed_is_whole', violation_error_message='What is finished is finished whole.'),
        ),
        migrations.AddConstraint(
            model_name='tutorialversion',
            constraint=models.UniqueConstraint(fields=('tutorial', 'number'), name='tutorial_version_number_once'),
        ),
    ]
