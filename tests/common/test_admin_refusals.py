"""A service may refuse what a form of the admin has let through; then the page says why, instead of failing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.models import User
from common.admin import ServiceAdmin
from tests.factories import make_topic
from tutorials.models import Topic

QUICKER = "Somebody was quicker."


class LateAdmin(ServiceAdmin):
    """Of rows that somebody else changes between the check of the form and the service."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        raise ValidationError(QUICKER)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise ValidationError(QUICKER)


@pytest.fixture
def late() -> LateAdmin:
    return LateAdmin(Topic, django_admin.site)


def sent(by: User, **fields: Any) -> HttpRequest:
    request = RequestFactory().post("/admin/tutorials/topic/", fields)
    request.user = by
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]  # as the middleware does
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # as the test client does
    return request


def words_to(request: HttpRequest) -> list[str]:
    return [str(message) for message in get_messages(request)]


def test_what_is_refused_after_the_form_is_said_on_the_page(late: LateAdmin, admin: User) -> None:
    topic = make_topic()
    request = sent(admin, name=topic.name, slug=topic.slug, position=7)
    answer = late.changeform_view(request, str(topic.pk))
    assert (answer.status_code, answer["Location"]) == (302, request.path)
    assert words_to(request) == [QUICKER]


def test_so_is_a_deletion_that_is_refused(late: LateAdmin, admin: User) -> None:
    topic = make_topic()
    request = sent(admin, post="yes")
    answer = late.delete_view(request, str(topic.pk))
    assert answer["Location"] == f"/admin/tutorials/topic/{topic.pk}/change/"
    assert words_to(request) == [QUICKER]
    assert Topic.objects.filter(pk=topic.pk).exists()
