from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_contact_requests"),
    ]

    operations = [
        # It has no table; this makes the right to see the reports.
        migrations.CreateModel(
            name="Revenue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "revenue",
                "verbose_name_plural": "revenue",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
