"""People whom `loaddata` brings, which does not call `save`, have what everybody has."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import Client

from accounts.models import Profile, User
from tests.accounts.clients import post
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
Load = Callable[[list[dict[str, Any]]], None]


@pytest.fixture
def load(tmp_path: Path, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[Any]]]) -> Load:
    def load_it(rows: list[dict[str, Any]]) -> None:
        path = tmp_path / "people.json"
        path.write_text(json.dumps(rows))
        with django_capture_on_commit_callbacks(execute=True):
            call_command("loaddata", str(path), verbosity=0)

    return load_it


def person(pk: int, name: str) -> dict[str, Any]:
    fields = {"email": f"loaded-{pk}@howtoai.example", "name": name, "password": make_password(PASSWORD)}
    return {"model": "accounts.user", "pk": pk, "fields": fields}


def profile(pk: int, handle: str) -> dict[str, Any]:
    return {"model": "accounts.profile", "pk": pk, "fields": {"handle": handle}}


def test_they_get_a_profile_and_sign_in(load: Load) -> None:
    load([person(9001, "Lou Loaded")])
    user = User.objects.get(pk=9001)
    assert (user.profile.handle, user.role) == ("lou-loaded", "learner")
    assert post("login", {"email": user.email, "password": PASSWORD}).status_code == 200
    browser = Client()
    assert browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    assert browser.get("/settings/profile/").status_code == 200


def test_profiles_of_the_same_file_are_kept_and_get_in_nobodys_way(load: Load) -> None:
    """Two of the same name, of whom the second has the handle that the first would get."""
    load([person(9001, "Lou"), person(9002, "Lou"), profile(9001, "lou-one"), profile(9002, "lou")])
    handles = Profile.objects.filter(pk__in=(9001, 9002)).order_by("pk").values_list("handle", flat=True)
    assert list(handles) == ["lou-one", "lou"]


def test_loading_somebody_again_changes_no_handle(load: Load) -> None:
    load([person(9001, "Lou")])
    load([person(9001, "Lou Renamed")])
    user = User.objects.get(pk=9001)
    assert (user.name, user.profile.handle) == ("Lou Renamed", "lou")
