from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ops", "0004_alarm"),
    ]

    operations = [
        migrations.CreateModel(
            name="System",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "system",
                "verbose_name_plural": "system",
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
