import accounts.models.people
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_furnish_people'),
    ]

    operations = [
        migrations.AlterField(
            model_name='profile',
            name='bio',
            field=models.TextField(blank=True, help_text='Markdown, up to 1,000 characters.', max_length=1000, validators=[django.core.validators.MaxLengthValidator(1000)]),
        ),
        migrations.AlterField(
            model_name='profile',
            name='display_name',
            field=models.CharField(blank=True, help_text='Shown instead of your name.', max_length=60, validators=[accounts.models.people.validate_name]),
        ),
        migrations.AlterField(
            model_name='user',
            name='name',
            field=models.CharField(blank=True, max_length=150, validators=[accounts.models.people.validate_name]),
        ),
        migrations.AlterField(
            model_name='profile',
            name='links',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200, validators=[django.core.validators.URLValidator(['http', 'https'], message='Write an address that begins with https:// or http://.')]), blank=True, default=list, error_messages={'item_invalid': 'Link %(nth)s:'}, help_text='Up to 5 addresses of pages about you.', size=5),
        ),
        migrations.CreateModel(
            name='FormerHandle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('handle', models.CharField(max_length=30)),
                ('freed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='former_handles', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['handle', 'freed_at'], name='former_handle'), models.Index(fields=['freed_at'], name='former_handle_freed_at')],
            },
        ),
    ]
