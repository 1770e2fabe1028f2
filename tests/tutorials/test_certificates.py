"""Certificates of finished tracks: given once, true for good, shown to whom their holder likes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import qrcode
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from common.addresses import absolute
from tests.at_once import at_once
from tests.factories import make_tutorial, make_user
from tests.tutorials.callers import Caller, faults, refusal
from tests.tutorials.learners import (
    answers_to,
    finish,
    make_certificate,
    make_quiz_tutorial,
    make_track,
    record,
)
from tutorials.models import Certificate, Track, TrackCompletion, Tutorial
from tutorials.qr_code import MASK, qr_code, runs_of
from tutorials.services import awarding, certificates, tracks
from tutorials.services.quizzes import answer_quiz

LATE = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(certificate: Certificate, user: User | None = None) -> str:
    client = Client() if user is None else browser_of(user)
    return client.get(certificate.get_absolute_url()).content.decode()


def show_learning_to(user: User, audience: str) -> None:
    user.profile.learning_visible_to = audience
    user.profile.save()


# Being given


def test_the_last_tutorial_brings_it(learner: User) -> None:
    first, second = make_tutorial(), make_tutorial()
    track = make_track(first, second, make_tutorial(status="draft"), title="Start here")
    assert record(learner, first, fraction=1).certificates == []
    assert not Certificate.objects.exists()
    certificate = Certificate.objects.get() if record(learner, second, fraction=1).certificates else None
    assert certificate is not None
    assert (certificate.user, certificate.track, certificate.title) == (learner, track, "Start here")
    assert (certificate.name, certificate.tutorials, certificate.quizzes) == ("Lea Learner", 2, 0)
    assert certificate.minutes == first.minutes + second.minutes


def test_where_quizzes_are_asked_for_the_last_pass_brings_it_and_they_are_counted(learner: User) -> None:
    plain, quizzed = make_tutorial(), make_quiz_tutorial()
    make_track(plain, quizzed, quizzes_required=True)
    finish(learner, plain, quizzed)
    answer_quiz(user=learner, tutorial=quizzed, answers=answers_to(quizzed, right=False))
    assert not Certificate.objects.exists()
    answer_quiz(user=learner, tutorial=quizzed, answers=answers_to(quizzed))
    assert (Certificate.objects.get().tutorials, Certificate.objects.get().quizzes) == (2, 1)


def test_one_tutorial_may_end_several_tracks(learner: User, tutorial: Tutorial) -> None:
    ended = {make_track(tutorial), make_track(tutorial)}
    assert {each.track for each in record(learner, tutorial, fraction=1).certificates} == ended


def test_the_day_is_that_of_where_its_holder_lives(learner: User, tutorial: Tutorial) -> None:
    learner.profile.time_zone = "Asia/Tokyo"
    learner.profile.save()
    make_track(tutorial)
    with time_machine.travel(LATE, tick=False):
        finish(learner, tutorial)
    assert Certificate.objects.get().finished_on == date(2026, 12, 1)


def test_it_stays_as_it_was_when_the_track_grows_is_renamed_or_goes(
    learner: User, admin: User, tutorial: Tutorial
) -> None:
    track = make_track(tutorial, title="Start here")
    finish(learner, tutorial)
    track.steps.create(tutorial=make_tutorial(), position=9)
    tracks.write_track(by=admin, track=track, values={"title": "Begin"})
    call_command("award_achievements", stdout=StringIO())
    certificate = Certificate.objects.get()
    assert (certificate.title, certificate.tutorials) == ("Start here", 1)
    tracks.delete_track(by=admin, track=track)
    certificate.refresh_from_db()
    assert certificate.track is None
    assert "Start here" in page(certificate)


def test_who_had_finished_before_there_were_any_gets_one_in_the_night_of_what_they_had_done(learner: User) -> None:
    first, second, later, unread = (make_tutorial() for _ in range(4))
    track = make_track(first, second)
    finish(learner, first, second)
    Certificate.objects.all().delete()
    long_ago = timezone.now() - timedelta(days=40)
    TrackCompletion.objects.update(completed_at=long_ago)
    learner.progress.update(completed_at=long_ago)
    for tutorial in (later, unread):
        track.steps.create(tutorial=tutorial, position=9)
    finish(learner, later)
    # No longer published: what was finished is finished.
    Track.objects.update(is_published=False)
    out = StringIO()
    for _ in range(2):
        call_command("award_achievements", stdout=out)
    assert out.getvalue().splitlines() == [
        "0 finished tracks noted, 1 certificates of earlier ones, 0 achievements given.",
        "0 finished tracks noted, 0 certificates of earlier ones, 0 achievements given.",
    ]
    certificate = Certificate.objects.get()
    assert (certificate.tutorials, certificate.finished_on) == (2, long_ago.date())
    assert certificate.issued_at.date() == timezone.now().date()


def test_who_finishes_a_track_because_it_shrinks_gets_one(
    learner: User, admin: User, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = make_tutorial(), make_tutorial()
    track = make_track(first, second)
    finish(learner, first)
    with django_capture_on_commit_callbacks(execute=True):
        tracks.write_track(by=admin, track=track, values={}, tutorials=[first])
    assert Certificate.objects.get().tutorials == 1


@pytest.mark.django_db(transaction=True)
def test_at_once_only_one_is_given_and_only_one_page_tells(learner: User, tutorial: Tutorial) -> None:
    track = make_track(tutorial)
    finish(learner, tutorial)
    Certificate.objects.all().delete()
    at_once(partial(awarding.complete_track_for_all, track=track), times=4)
    told = [each for news in at_once(partial(awarding.announce, user=learner), times=4) for each in news.certificates]
    assert Certificate.objects.count() == len(told) == 1


def test_the_database_keeps_it_single_named_and_revoked_for_a_reason_only(learner: User) -> None:
    certificate = make_certificate(learner)
    wrong: list[dict[str, Any]] = [{"name": ""}, {"revoked_at": timezone.now()}, {"revocation": "Copied."}]
    for change in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Certificate.objects.filter(pk=certificate.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.create(user=learner, track=certificate.track, name="Lea", finished_on=date(2026, 11, 30))


def test_only_the_moment_that_ends_a_track_asks_more_of_the_database(learner: User, stranger: User) -> None:
    first, last, free = make_tutorial(), make_tutorial(), make_tutorial()
    make_track(first, last)
    for person in (learner, stranger):
        record(person, free, fraction=0.1)

    def statements(user: User, tutorial: Tutorial, **report: Any) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            record(user, tutorial, **report)
        return [each["sql"] for each in captured.captured_queries]

    for report in ({"fraction": 0.5}, {"fraction": 0.6, "seconds": 5}, {"fraction": 1}):
        assert not any("certificate" in sql for sql in statements(learner, first, **report))
    assert any("certificate" in sql for sql in statements(learner, last, fraction=1))


def test_pages_tell_of_it_once(learner: User, tutorial: Tutorial) -> None:
    make_track(tutorial, title="Start here")
    client = browser_of(learner)
    address = reverse("tutorials:progress", args=[tutorial.slug])
    end = client.post(address, {"fraction": "1"}, headers={"HX-Request": "true"}).content.decode()
    certificate = Certificate.objects.get()
    assert "Your certificate: Start here" in end
    assert certificate.get_absolute_url() in end
    assert "Your certificate: Start here" not in client.get(tutorial.get_absolute_url()).content.decode()


def test_the_next_page_tells_of_what_a_worker_gave(learner: User, tutorial: Tutorial) -> None:
    make_certificate(learner)
    client = browser_of(learner)
    for expected in (True, False):
        assert ("Your certificate:" in client.get(tutorial.get_absolute_url()).content.decode()) is expected


def test_the_end_of_a_page_costs_no_more_statements_than_before(learner: User, tutorial: Tutorial) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert not awarding.announce(user=learner)
    assert len(captured) == 1


# Its page


def test_whoever_has_the_address_reads_it(learner: User) -> None:
    certificate = make_certificate(learner, make_track(make_tutorial(), title="Start here"))
    text = page(certificate)
    for expected in ("Lea Learner", "Start here", "has finished the track", str(certificate.pk), "<svg"):
        assert expected in text
    for own in ("Correct the name", "Copy the address"):
        assert own not in text
        assert own in page(certificate, learner)
    assert Client().get(reverse("tutorials:certificate", args=[uuid4()])).status_code == 404


@pytest.mark.parametrize(("audience", "is_listed"), [("everybody", True), ("members", False), ("nobody", False)])
def test_search_engines_list_it_only_where_everybody_sees_what_its_holder_learned(
    learner: User, stranger: User, audience: str, is_listed: bool
) -> None:
    show_learning_to(learner, audience)
    certificate = make_certificate(learner)
    assert ('name="robots" content="noindex"' not in page(certificate)) is is_listed
    profile = learner.profile.get_absolute_url()
    assert (profile in page(certificate)) is is_listed
    assert (profile in page(certificate, stranger)) is (audience != "nobody")


@pytest.mark.parametrize("gone", [{"is_active": False}, {"erase_after": timezone.now() + timedelta(days=9)}])
def test_of_people_who_are_not_here_nobody_sees_one(learner: User, gone: dict[str, Any]) -> None:
    certificate = make_certificate(learner)
    User.objects.filter(pk=learner.pk).update(**gone)
    assert Client().get(certificate.get_absolute_url()).status_code == 404
    assert Caller().get(f"certificates/{certificate.pk}").status_code == 404


def test_a_page_costs_the_same_whatever_there_is(learner: User) -> None:
    certificate = make_certificate(learner)
    show_learning_to(learner, "everybody")

    def costs(address: str, client: Client) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    own, profile = browser_of(learner), learner.profile.get_absolute_url()
    visits = [
        *((address, own) for address in (certificate.get_absolute_url(), "/learning/", "/tracks/", profile)),
        *((address, Client()) for address in (certificate.get_absolute_url(), profile)),
    ]
    before = [costs(address, client) for address, client in visits]
    for _ in range(3):
        make_certificate(learner)
    assert [costs(address, client) for address, client in visits] == before


def test_it_stands_on_the_track_on_the_learning_page_and_on_the_profile(learner: User, stranger: User) -> None:
    track = make_track(make_tutorial(), title="Start here")
    assert "Ends with a certificate" in Client().get(track.get_absolute_url()).content.decode()
    address = make_certificate(learner, track).get_absolute_url()
    profile = learner.profile.get_absolute_url()
    for place in (track.get_absolute_url(), "/learning/", profile):
        assert address in browser_of(learner).get(place).content.decode(), place
    assert address not in browser_of(stranger).get(track.get_absolute_url()).content.decode()
    assert address in browser_of(stranger).get(profile).content.decode()
    assert address not in Client().get(profile).content.decode()


def test_the_code_for_cameras_draws_each_dark_square_once() -> None:
    assert runs_of([True, True, False, True]) == [(0, 2), (3, 1)]
    drawn = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", qr_code("https://howtoai.example/certificates/x/"))
    code = qrcode.QRCode(border=0, mask_pattern=MASK)
    code.add_data("https://howtoai.example/certificates/x/")
    code.make()
    dark = {(x, y) for y, row in enumerate(code.get_matrix()) for x, is_dark in enumerate(row) if is_dark}
    squares = [(int(x) + step, int(y)) for x, y, length in drawn for step in range(int(length))]
    assert len(squares) == len(dark)
    assert set(squares) == dark


# The name on it


def test_its_holder_corrects_the_name_and_the_page_says_when(learner: User) -> None:
    certificate = make_certificate(learner)
    client = browser_of(learner)
    address = reverse("tutorials:certificate_name", args=[certificate.pk])
    response = client.post(address, {"name": "Dr. Lea Learner"}, follow=True)
    text = response.content.decode()
    assert "Your certificate shows this name now." in text
    assert "Dr. Lea Learner" in text
    assert "last corrected the name" in text
    learner.refresh_from_db()
    assert learner.name == "Lea Learner"


def test_to_leave_the_name_as_it_is_is_no_correction(learner: User) -> None:
    certificate = make_certificate(learner)
    certificates.change_name(by=learner, certificate=certificate, name="Lea Learner")
    certificate.refresh_from_db()
    assert certificate.name_changed_at is None


@pytest.mark.parametrize("name", ["", "  ", "Lea\u202eLearner", "x" * 151])
def test_a_name_that_cannot_be_one_is_refused_where_it_was_written(learner: User, name: str) -> None:
    certificate = make_certificate(learner)
    response = browser_of(learner).post(reverse("tutorials:certificate_name", args=[certificate.pk]), {"name": name})
    assert response.status_code == 200
    assert response.context["form"].errors["name"]
    assert faults(Caller(learner).patch(f"certificates/{certificate.pk}", {"name": name}))
    certificate.refresh_from_db()
    assert certificate.name == "Lea Learner"


def test_nobody_else_corrects_it(learner: User, stranger: User, admin: User) -> None:
    certificate = make_certificate(learner)
    address = reverse("tutorials:certificate_name", args=[certificate.pk])
    for person in (stranger, admin):
        assert browser_of(person).post(address, {"name": "Me"}).status_code == 404
        assert refusal(Caller(person).patch(f"certificates/{certificate.pk}", {"name": "Me"})) == (
            403,
            "permission_denied",
        )
        with pytest.raises(PermissionDenied):
            certificates.change_name(by=person, certificate=certificate, name="Me")
    assert Caller().patch(f"certificates/{certificate.pk}", {"name": "Me"}).status_code == 401


# Revoking


def test_a_revoked_one_says_so_and_is_listed_to_its_holder_only(learner: User, stranger: User, moderator: User) -> None:
    certificate = make_certificate(learner, make_track(make_tutorial(), title="Start here"))
    certificates.revoke(by=moderator, certificate=certificate, reason="The answers were copied.")
    show_learning_to(learner, "everybody")
    for reader in (None, stranger):
        text = page(certificate, reader)
        assert "This certificate was revoked" in text
        assert "noindex" in text
        for hidden in ("Lea Learner", "copied"):
            assert hidden not in text
        profile = (Client() if reader is None else browser_of(reader)).get(learner.profile.get_absolute_url())
        assert "Start here" not in profile.content.decode()
    assert "The answers were copied." in page(certificate, learner)
    assert "The answers were copied." in browser_of(learner).get("/learning/").content.decode()
    with pytest.raises(PermissionDenied, match="revoked"):
        certificates.change_name(by=learner, certificate=certificate, name="Lea")
    call_command("award_achievements", stdout=StringIO())
    assert Certificate.objects.count() == 1


def test_what_was_revoked_in_error_stands_again(learner: User, moderator: User) -> None:
    certificate = make_certificate(learner)
    certificates.revoke(by=moderator, certificate=certificate, reason="Wrong person.")
    certificates.revoke(by=moderator, certificate=certificate, reason=" ")
    assert "Lea Learner" in page(certificate)


def test_its_holder_is_told_once_that_it_is_revoked_and_once_that_it_stands_again(
    learner: User, moderator: User, mailoutbox: list[EmailMultiAlternatives], django_capture_on_commit_callbacks: Any
) -> None:
    certificate = make_certificate(learner, make_track(make_tutorial(), title="Start here"))
    change = reverse("admin:tutorials_certificate_change", args=[certificate.pk])
    client, told = browser_of(moderator), []
    for reason in ("Copied <all>.", "Copied <all>.", "The answers were copied.", "", ""):
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(change, {"revocation": reason}).status_code == 302
        told.append(len(mailoutbox))
    assert told == [1, 1, 1, 2, 2]
    assert {tuple(letter.to) for letter in mailoutbox} == {(learner.email,)}
    revoked, restored = mailoutbox
    assert revoked.subject == "Your certificate “Start here” was revoked"
    assert "“Copied <all>.”" in str(revoked.body)
    assert "“Copied &lt;all&gt;.”" in str(revoked.alternatives[0][0])
    assert restored.subject == "Your certificate “Start here” counts again"
    for letter in mailoutbox:
        for part in (str(letter.body), str(letter.alternatives[0][0])):
            assert absolute(certificate.get_absolute_url()) in part


@pytest.mark.django_db(transaction=True)
def test_two_who_revoke_it_at_once_have_its_holder_told_once(
    learner: User, moderator: User, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    certificate = make_certificate(learner)
    mailoutbox.clear()
    at_once(partial(certificates.revoke, by=moderator, certificate=certificate, reason="Copied."))
    assert len(mailoutbox) == 1


def test_only_who_looks_after_people_revokes(learner: User, author: User, moderator: User, admin: User) -> None:
    certificate = make_certificate(learner)
    for person in (learner, author):
        with pytest.raises(PermissionDenied):
            certificates.revoke(by=person, certificate=certificate, reason="No.")
    for person in (moderator, admin):
        certificates.revoke(by=person, certificate=certificate, reason="Copied.")
    with pytest.raises(ValidationError) as refused:
        certificates.revoke(by=admin, certificate=certificate, reason="x" * 201)
    assert list(refused.value.message_dict) == ["revocation"]


@pytest.mark.parametrize(("role", "may"), [("moderator", True), ("administrator", True), ("author", False)], ids=str)
def test_the_admin_finds_and_revokes(learner: User, role: str, may: bool) -> None:
    certificate, other = make_certificate(learner), make_certificate(make_user(name="Otto Other"))
    client = browser_of(make_user(role=role))
    listed = reverse("admin:tutorials_certificate_changelist")
    change = reverse("admin:tutorials_certificate_change", args=[certificate.pk])
    if not may:
        assert client.get(listed).status_code == client.get(change).status_code == 403
        return
    for asked in (str(certificate.pk), "lea", learner.email, certificate.title):
        text = client.get(listed, {"q": asked}).content.decode()
        assert str(certificate.pk) in text, asked
        assert str(other.pk) not in text, asked
    assert client.get(change).status_code == 200
    response = client.post(change, {"revocation": "The answers were copied."})
    assert response.status_code == 302
    certificate.refresh_from_db()
    assert (certificate.revocation, certificate.name) == ("The answers were copied.", "Lea Learner")
    assert certificate.revoked_at is not None
    assert client.post(reverse("admin:tutorials_certificate_delete", args=[certificate.pk])).status_code == 403
    assert client.get(reverse("admin:tutorials_certificate_add")).status_code == 403


# The API


def test_a_program_verifies_one_without_signing_in(learner: User) -> None:
    track = make_track(make_tutorial(), title="Start here", slug="start-here")
    certificate = make_certificate(learner, track)
    answer = Caller().get(f"certificates/{certificate.pk}").json()
    assert answer["url"].endswith(certificate.get_absolute_url())
    assert (answer["id"], answer["track"], answer["title"]) == (str(certificate.pk), "start-here", "Start here")
    assert (answer["name"], answer["revoked_at"]) == ("Lea Learner", None)
    assert Caller().get(f"certificates/{uuid4()}").status_code == 404


def test_of_a_revoked_one_programs_are_told_that_and_no_name(learner: User, moderator: User) -> None:
    certificate = make_certificate(learner)
    certificates.revoke(by=moderator, certificate=certificate, reason="Copied.")
    answer = Caller().get(f"certificates/{certificate.pk}").json()
    assert answer["name"] is None
    assert answer["revoked_at"]
    assert Caller(learner).get(f"certificates/{certificate.pk}").json()["name"] == "Lea Learner"


def test_one_s_own_are_listed_and_those_of_others_as_they_allow(learner: User, stranger: User, moderator: User) -> None:
    kept, revoked = make_certificate(learner), make_certificate(learner)
    certificates.revoke(by=moderator, certificate=revoked, reason="Copied.")
    own = Caller(learner).get("users/me/certificates").json()["results"]
    assert [each["id"] for each in own] == [str(revoked.pk), str(kept.pk)]
    assert own[1] == Caller(stranger).get(f"certificates/{kept.pk}").json()
    theirs = Caller(stranger).get(f"users/{learner.pk}/certificates").json()["results"]
    assert [each["id"] for each in theirs] == [str(kept.pk)]
    assert Caller().get(f"users/{learner.pk}/certificates").status_code == 404
    assert Caller().get("users/me/certificates").status_code == 401


def test_its_holder_corrects_the_name_by_a_program(learner: User) -> None:
    certificate = make_certificate(learner)
    answer = Caller(learner).patch(f"certificates/{certificate.pk}", {"name": "Dr. Lea Learner"})
    assert answer.json()["name"] == "Dr. Lea Learner"
    assert faults(Caller(learner).patch(f"certificates/{certificate.pk}", {"title": "All"})) >= {
        ("title", "not_changeable")
    }


def test_the_report_that_ends_a_track_is_answered_with_it(learner: User, tutorial: Tutorial) -> None:
    make_track(tutorial)
    caller = Caller(learner)
    answer = caller.put(f"tutorials/{tutorial.slug}/progress", {"fraction": 1}).json()
    assert answer["certificates"] == caller.get("users/me/certificates").json()["results"]
    assert caller.put(f"tutorials/{tutorial.slug}/progress", {"fraction": 1}).json()["certificates"] == []
