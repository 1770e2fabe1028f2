"""dj-stripe keeps tables, and does nothing by itself."""

from __future__ import annotations

import pytest
from django.core.checks.registry import registry
from django.urls import URLPattern, URLResolver, get_resolver
from djstripe.signals import WEBHOOK_SIGNALS

from accounts.models import User
from billing.djstripe_mirror import KEPT
from tests.config.test_environment import COMPLETE, run


def modules(patterns: list[URLPattern | URLResolver]) -> set[str]:
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= modules(pattern.url_patterns)
        else:
            found.add(pattern.callback.__module__.split(".")[0])
    return found


def test_it_answers_no_address() -> None:
    found = modules(get_resolver().url_patterns)
    assert "billing" in found or "community" in found
    assert "djstripe" not in found


def test_it_listens_to_nothing_and_checks_nothing() -> None:
    assert [name for name, signal in WEBHOOK_SIGNALS.items() if signal.has_listeners()] == []
    assert "djstripe" not in registry.tags_available()


def test_administrators_may_look_at_what_is_kept_and_nobody_may_do_more(
    admin: User, author: User, moderator: User
) -> None:
    kept = {f"djstripe.view_{model._meta.model_name}" for model in KEPT.values()}
    # Shown in its subscription.
    kept.remove("djstripe.view_subscriptionitem")
    assert {right for right in admin.get_all_permissions() if right.startswith("djstripe.")} == kept
    for other in (author, moderator):
        assert not other.has_module_perms("djstripe")


@pytest.mark.parametrize(
    ("key", "is_live"), [("", False), ("sk_test_x", False), ("sk_live_x", True), ("rk_live_x", True)]
)
def test_the_key_says_whether_money_is_real(key: str, is_live: bool) -> None:
    code = "from config import settings as s; print(s.STRIPE_LIVE_MODE, s.STRIPE_API_HOST)"
    done = run("-c", code, **COMPLETE | {"STRIPE_SECRET_KEY": key})
    assert done.stdout == f"{is_live} https://api.stripe.com\n"


def test_a_stand_in_is_named_by_its_address() -> None:
    code = "from djstripe import settings; import stripe; print(stripe.api_base)"
    code = f"import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup(); {code}"
    done = run("-c", code, **COMPLETE | {"STRIPE_API_BASE": "https://stripe.example/"})
    assert done.stdout == "https://stripe.example\n", done.stderr
