"""Everybody who is here already gets a profile, and an address that is still to be confirmed."""

from __future__ import annotations

import secrets

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def furnish(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    user_model = apps.get_model("accounts", "User")
    profile_model = apps.get_model("accounts", "Profile")
    address_model = apps.get_model("account", "EmailAddress")
    for user in user_model.objects.filter(profile__isnull=True).iterator():
        profile_model.objects.create(user=user, handle=f"member-{secrets.token_hex(8)}")
        address_model.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("accounts", "0002_people_sessions_keys"),
    ]

    operations = [migrations.RunPython(furnish, migrations.RunPython.noop)]
