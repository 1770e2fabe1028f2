import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import accounts.models.people


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_former_handles")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="replaces",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="successor",
                to="accounts.apikey",
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="name",
            field=models.CharField(max_length=60, validators=[accounts.models.people.validate_name]),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("read", "read everything"),
                        ("write", "read and change everything"),
                        ("tutorials:read", "read tutorials"),
                        ("tutorials:write", "read and change tutorials"),
                        ("community:read", "read the community"),
                        ("community:write", "read and write in the community"),
                        ("billing:read", "read subscription and invoices"),
                        ("analytics:read", "read figures"),
                        ("analytics:write", "read figures and send events"),
                        ("account:read", "read account and profile"),
                        ("account:write", "read and change account and profile"),
                    ],
                    max_length=20,
                ),
                size=11,
            ),
        ),
    ]
