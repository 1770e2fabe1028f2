"""Certificates of finished tracks; nothing that is there changes."""

import common.text
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tutorials', '0006_readable_lines'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(help_text='Of the track, on that day.', max_length=120)),
                ('name', models.CharField(error_messages={'blank': 'Write the name that the certificate is to show.'}, help_text='As it is to stand on the certificate.', max_length=150, validators=[common.text.validate_line])),
                ('finished_on', models.DateField(help_text='Where its holder lived.')),
                ('issued_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('tutorials', models.PositiveSmallIntegerField(default=0, help_text='0: not known any more.', verbose_name='tutorials finished')),
                ('quizzes', models.PositiveSmallIntegerField(default=0, help_text='0: the track asks for none.', verbose_name='quizzes passed')),
                ('minutes', models.PositiveIntegerField(default=0, verbose_name='minutes of reading')),
                ('name_changed_at', models.DateTimeField(blank=True, help_text='When its holder last corrected the name.', null=True)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revocation', models.CharField(blank=True, help_text='Its holder reads it. Empty: the certificate stands.', max_length=200, validators=[common.text.validate_line], verbose_name='reason why it is revoked')),
                ('track', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='certificates', to='tutorials.track')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='certificates', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('revoked_at__isnull', True), ('seen_at__isnull', True)), fields=['user'], name='certificate_unseen')],
                'constraints': [models.UniqueConstraint(fields=('user', 'track'), name='certificate_once', violation_error_message='This person has a certificate of this track already.'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='certificate_has_name', violation_error_message='Write the name that the certificate is to show.'), models.CheckConstraint(condition=models.Q(models.Q(('revocation', ''), ('revoked_at__isnull', True)), models.Q(('revoked_at__isnull', False), models.Q(('revocation', ''), _negated=True)), _connector='OR'), name='certificate_revoked_with_reason', violation_error_message='Say why a certificate is revoked.')],
            },
        ),
    ]
