"""Staff look at a subscription in the admin, and change nothing there."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from tests.billing.truths import make_subscription


def test_a_subscription_is_shown_with_what_it_opened(client: Client, admin: User, learner: User) -> None:
    client.force_login(admin)
    subscription = make_subscription(learner)
    response = client.get(f"/admin/billing/subscription/{subscription.pk}/change/")
    assert response.status_code == 200
    assert "what it opened" in response.content.decode().lower()
