"""Members report a text; enough of their reports hide it until a moderator has looked at it."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from accounts.models import User
from accounts.services.people import NOT_CONFIRMED
from common.limits import Limited
from community.models import Case, CaseKind, Kind, Notification, Post, Report, Standing, State, TrustLevel
from community.models.moderation import LONGEST_REASON, NO_REASON
from community.services import moderating, reporting, writing
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_user
from tests.tutorials.callers import Caller


@pytest.fixture
def post(learner: User) -> Post:
    return make_post(author=learner)


def reporter(level: TrustLevel = TrustLevel.MEMBER) -> User:
    user = make_user()
    Standing.objects.create(user=user, trust_level=level)
    return user


def report(post: Post, by: User, reason: str = "It is spam.") -> Report:
    return reporting.report(by=by, text=post, reason=reason)


def state_of(post: Post) -> str:
    return Post.objects.get(pk=post.pk).state


def test_a_report_opens_a_case_and_the_next_joins_it(post: Post, stranger: User) -> None:
    report(post, stranger)
    report(post, make_user(), "It is rude.")
    case = Case.objects.get()
    assert (case.kind, case.post, case.reports_count) == (CaseKind.REPORTED, post, 2)
    assert [each.reason for each in case.reports.all()] == ["It is spam.", "It is rude."]


def test_who_reports_again_replaces_the_reason(post: Post, stranger: User) -> None:
    report(post, stranger)
    report(post, stranger, "  It is rude.\r\n")
    assert Report.objects.get().reason == "It is rude."
    assert Case.objects.get().reports_count == 1


def test_comments_are_reported_too(post: Post, stranger: User) -> None:
    comment = make_comment(post)
    reporting.report(by=stranger, text=comment, reason="It is rude.")
    assert Case.objects.get().text == comment


def test_nobody_reports_their_own_text(post: Post, learner: User) -> None:
    with pytest.raises(PermissionDenied, match=reporting.YOUR_OWN):
        report(post, learner)


def test_whose_address_is_not_confirmed_reports_nothing(post: Post) -> None:
    with pytest.raises(PermissionDenied, match=NOT_CONFIRMED):
        report(post, make_user(confirmed=False))


@pytest.mark.parametrize("reason", ["", "  \n", "\u200b\u2800", "x" * (LONGEST_REASON + 1)])
def test_a_reason_is_to_be_read(post: Post, stranger: User, reason: str) -> None:
    with pytest.raises(ValidationError) as error:
        report(post, stranger, reason)
    assert list(error.value.message_dict) == ["reason"]
    assert not Case.objects.exists()


def test_what_is_deleted_is_not_reported(post: Post, learner: User, stranger: User) -> None:
    writing.delete_text(by=learner, text=post)
    with pytest.raises(ValidationError, match=reporting.NOT_THERE):
        report(post, stranger)


def test_reports_have_a_rate(stranger: User) -> None:
    posts = [make_post() for _ in range(21)]
    for each in posts[:20]:
        report(each, stranger)
    with pytest.raises(Limited):
        report(posts[20], stranger)


def test_moderators_are_told_once_of_what_waits(post: Post, stranger: User, moderator: User, admin: User) -> None:
    report(post, stranger)
    report(make_post(), stranger)
    told = Notification.objects.filter(kind=Kind.QUEUE)
    assert {each.user for each in told} == {moderator, admin}
    assert told.count() == 2


def test_three_weighty_reports_hide_a_text_and_tell_its_author(post: Post, learner: User) -> None:
    for _ in range(2):
        report(post, reporter())
    assert state_of(post) == State.PUBLISHED
    report(post, reporter())
    assert state_of(post) == State.HELD
    told = Notification.objects.get(user=learner, kind=Kind.MODERATION)
    assert told.words == reporting.HELD_NOW
    assert Standing.objects.get(user=learner).posts_count == 0


def test_the_reports_of_the_trusted_weigh_double_and_those_of_newcomers_nothing(post: Post) -> None:
    for _ in range(4):
        report(post, reporter(TrustLevel.NEWCOMER))
    report(post, reporter())
    assert state_of(post) == State.PUBLISHED
    report(post, reporter(TrustLevel.TRUSTED))
    assert state_of(post) == State.HELD


def test_what_a_moderator_has_cleared_is_not_hidden_by_reports_alone(
    post: Post, moderator: User, learner: User
) -> None:
    for _ in range(3):
        report(post, reporter())
    moderating.show(by=moderator, text=post, reason="Nothing is wrong with it.")
    for _ in range(3):
        report(post, reporter())
    assert state_of(post) == State.PUBLISHED
    writing.edit_post(by=learner, post=post, changes={"body": "Now something else stands here."})
    report(post, reporter())
    assert state_of(post) == State.HELD


# At the doors


def test_page_and_api_say_the_same(post: Post, stranger: User) -> None:
    client = Client()
    client.force_login(stranger)
    page = client.post(f"/community/posts/{post.pk}/report/", {"about": "other", "reason": " "})
    answer = Caller(stranger).post(f"posts/{post.pk}/reports", {"reason": " "})
    assert NO_REASON in page.content.decode()
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "reason", "code": "required", "detail": NO_REASON}]


def test_a_quick_reason_is_enough_on_the_page(post: Post, stranger: User) -> None:
    client = Client()
    client.force_login(stranger)
    page = client.post(f"/community/posts/{post.pk}/report/", {"about": "spam", "reason": ""}, follow=True)
    assert "Thank you. The moderators have your report." in page.content.decode()
    assert Report.objects.get().reason == "It is spam."
    client.post(f"/community/posts/{post.pk}/report/", {"about": "rude", "reason": "In the last line."})
    assert Report.objects.get().reason == "It is rude: In the last line."


def test_the_form_of_a_comment_shows_what_is_reported(post: Post, stranger: User) -> None:
    client = Client()
    client.force_login(stranger)
    comment = make_comment(post, body="Read the *manual*.")
    page = client.get(f"/community/comments/{comment.pk}/report/").content.decode()
    assert "Report this comment" in page
    assert "Read the manual." in page


def test_a_program_reports(post: Post, stranger: User) -> None:
    comment = make_comment(post)
    for path in (f"posts/{post.pk}/reports", f"comments/{comment.pk}/reports"):
        answer = Caller(stranger).post(path, {"reason": "It is spam."})
        assert answer.status_code == 201
        assert answer.json().keys() == {"id", "reason", "at"}
    assert Case.objects.count() == 2


def test_what_somebody_may_not_see_cannot_be_reported(stranger: User) -> None:
    hidden = make_post(author=make_user(role="moderator"), category=make_category("Inner circle", access="premium"))
    assert Caller(stranger).post(f"posts/{hidden.pk}/reports", {"reason": "It is spam."}).status_code == 404
    client = Client()
    client.force_login(stranger)
    assert client.get(f"/community/posts/{hidden.pk}/report/").status_code == 404


def test_visitors_report_nothing(post: Post, visitor: Client) -> None:
    assert Caller().post(f"posts/{post.pk}/reports", {"reason": "It is spam."}).status_code == 401
    assert visitor.get(f"/community/posts/{post.pk}/report/").status_code == 302
