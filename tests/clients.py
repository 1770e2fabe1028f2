"""Browsers for tests of pages."""

from __future__ import annotations

from django.test import Client

from accounts.models import User


def signed_in(user: User | None) -> Client:
    """A browser in which somebody is signed in; None: that of a visitor."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client
