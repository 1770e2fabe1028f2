"""What people change of themselves, and their handles, which others must not get."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import FormerHandle, Profile, User
from accounts.services import profiles
from tests.at_once import wait_until_somebody_waits
from tests.factories import make_user


def change(user: User, **changes: Any) -> Profile:
    return profiles.change(user=user, changes=changes)  # type: ignore[arg-type]  # tests give wrong values too


def refusal_of(user: User, **changes: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refusal:
        change(user, **changes)
    return refusal.value.message_dict


def test_a_change_is_kept_with_the_html_of_its_bio(learner: User) -> None:
    change(learner, name="Lea L.", bio="See https://lea.example and [this](https://this.example).")
    profile = Profile.objects.select_related("user").get(user=learner)
    assert profile.user.name == "Lea L."
    assert profile.bio_html.count('rel="nofollow ugc noopener"') == 2


def test_with_one_fault_nothing_is_kept(learner: User) -> None:
    assert refusal_of(learner, name="Changed", bio="Changed", time_zone="Nowhere") == {
        "time_zone": ["Choose a time zone such as Europe/Paris."]
    }
    profile = Profile.objects.select_related("user").get(user=learner)
    assert (profile.user.name, profile.bio) == ("Lea Learner", "")


def test_an_old_fault_elsewhere_is_no_reason_to_refuse(learner: User) -> None:
    """Rules may come later than what somebody has written."""
    Profile.objects.filter(user=learner).update(handle="support", time_zone="Gone/Away")
    assert change(learner, bio="Hello").bio == "Hello"


@pytest.mark.parametrize(
    "script", ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](https://x.example/x)"]
)
def test_a_bio_holds_no_script_and_no_picture(learner: User, script: str) -> None:
    html = change(learner, bio=script).bio_html
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html


def test_a_handle_is_kept_in_small_letters(learner: User) -> None:
    assert change(learner, handle="Lea-2").handle == "lea-2"


def test_a_handle_changes_once_in_thirty_days(learner: User) -> None:
    now = timezone.now()
    change(learner, handle="lea-two")
    with time_machine.travel(now + timedelta(days=29)):
        until = (now + timedelta(days=30)).strftime("%-d %B %Y")
        assert refusal_of(learner, handle="lea-three") == {
            "handle": [f"You can change your handle again after {until}."]
        }
        assert change(learner, handle="LEA-two", bio="The same handle is no change.").handle == "lea-two"
    with time_machine.travel(now + timedelta(days=31)):
        assert change(learner, handle="lea-three").handle == "lea-three"


def test_nobody_else_gets_a_handle_for_ninety_days(learner: User, stranger: User) -> None:
    taken = {"handle": ["This handle is taken. Choose another."]}
    now = timezone.now()
    assert refusal_of(stranger, handle="lea-learner") == taken
    change(learner, handle="lea-two")
    assert refusal_of(stranger, handle="lea-learner") == taken
    assert make_user(name="Lea Learner").profile.handle.startswith("lea-learner-")
    with time_machine.travel(now + timedelta(days=89)):
        assert refusal_of(stranger, handle="lea-learner") == taken
    with time_machine.travel(now + timedelta(days=91)):
        assert change(stranger, handle="lea-learner").handle == "lea-learner"
        assert list(FormerHandle.objects.values_list("handle", flat=True)) == ["sam-stranger"]


def test_one_may_take_back_ones_own(learner: User, stranger: User) -> None:
    now = timezone.now()
    change(learner, handle="lea-two")
    with time_machine.travel(now + timedelta(days=31)):
        assert change(learner, handle="lea-learner").handle == "lea-learner"
        assert "handle" in refusal_of(stranger, handle="lea-two")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_a_handle_at_once_one_gets_it(learner: User, stranger: User) -> None:
    """Both have looked and found it free; the second waits for the first and is told."""
    outcomes: list[Any] = []

    def want() -> None:
        try:
            outcomes.append(change(stranger, handle="best-of-all").handle)
        except ValidationError as error:
            outcomes.append(error.message_dict)
        finally:
            connection.close()

    second = threading.Thread(target=want)
    with transaction.atomic():
        change(learner, handle="best-of-all")
        second.start()
        wait_until_somebody_waits()
    second.join(timeout=10)
    assert outcomes == [{"handle": ["This handle is taken. Choose another."]}]
    assert Profile.objects.get(user=stranger).handle == "sam-stranger"
    assert FormerHandle.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_handle_that_is_given_up_at_this_moment_is_not_free(learner: User, stranger: User) -> None:
    with transaction.atomic():
        change(learner, handle="lea-two")
        outcome: list[Any] = []

        def want() -> None:
            try:
                outcome.append(change(stranger, handle="lea-learner"))
            except ValidationError as error:
                outcome.append(error.message_dict)
            finally:
                connection.close()

        other = threading.Thread(target=want)
        other.start()
        other.join(timeout=10)
    assert outcome == [{"handle": ["This handle is taken. Choose another."]}]


@pytest.mark.parametrize(
    ("audience", "visitor_sees", "member_sees"),
    [("everybody", True, True), ("members", False, True), ("nobody", False, False)],
)
@pytest.mark.parametrize("section", ["about", "learning", "activity"])
def test_each_section_is_shown_to_its_audience(
    learner: User, stranger: User, section: Any, audience: str, visitor_sees: bool, member_sees: bool
) -> None:
    profile = change(learner, **{f"{section}_visible_to": audience})
    assert profile.shows(section, to=learner)
    assert profile.shows(section, to=stranger) is member_sees
    assert profile.shows(section, to=AnonymousUser()) is visitor_sees


@pytest.mark.parametrize(
    ("name", "display_name", "initials"),
    [
        ("Lea Learner", "", "LL"),
        ("Lea Maria van Learner", "", "LL"),
        ("Lea", "", "L"),
        ("Lea Learner", "émile", "É"),
        ("", "", "L"),
        (" ", "", "L"),
    ],
)
def test_initials_are_one_or_two_letters(name: str, display_name: str, initials: str, learner: User) -> None:
    learner.name = name
    profile = learner.profile
    profile.display_name = display_name
    assert profile.initials == initials
