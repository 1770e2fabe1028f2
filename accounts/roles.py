"""What each role may do: Django groups, filled after each migration from this table."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from accounts.models import Role

# App → the permissions that a role has there; "*" means all of that app's. Names of apps above
# this one are data, not imports.
RIGHTS: dict[Role, dict[str, tuple[str, ...]]] = {
    Role.LEARNER: {},
    Role.AUTHOR: {"tutorials": ("*",)},
    Role.MODERATOR: {
        "community": ("*",),
        "accounts": ("view_user", "view_profile", "view_loginhistory", "view_session"),
        # What somebody wrote on one may be no name.
        "tutorials": ("view_certificate", "change_certificate"),
    },
    Role.ADMINISTRATOR: dict.fromkeys(
        ("accounts", "billing", "tutorials", "community", "analytics", "ops", "admin"), ("*",)
    )
    # To look at: who could write these could make themselves more than they are. Of Stripe's there is a copy only.
    | {
        "auth": ("view_group", "view_permission"),
        "account": ("view_emailaddress",),
        "mfa": ("view_authenticator",),
        "socialaccount": ("view_socialaccount",),
        "djstripe": (
            *("view_customer", "view_subscription", "view_invoice", "view_charge", "view_paymentmethod"),
            *("view_refund", "view_dispute", "view_product", "view_price", "view_coupon", "view_promotioncode"),
        ),
    },
}


def grant(app_config: AppConfig, **kwargs: Any) -> None:
    """Bring the roles' permissions of one app up to this table; permissions given by hand stay."""
    # Django's own receiver may come after this one; doing it twice changes nothing.
    create_permissions(app_config, verbosity=0)
    for role, rights in RIGHTS.items():
        group, _ = Group.objects.get_or_create(name=role)
        names = rights.get(app_config.label, ())
        if names:
            of_app = Permission.objects.filter(content_type__app_label=app_config.label)
            group.permissions.add(*(of_app if "*" in names else of_app.filter(codename__in=names)))
