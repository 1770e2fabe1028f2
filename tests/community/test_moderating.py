"""What moderators do: who may, what it changes, who is told, and how it is undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.models.sessions import Door
from accounts.visits import Visit
from community.models import (
    Case,
    Comment,
    Decision,
    Deed,
    Kind,
    Notification,
    Post,
    SearchEntry,
    StaffAction,
    Standing,
    State,
    TrustLevel,
)
from community.models.moderation import LONGEST_REASON
from community.services import moderating, reporting, writing
from tests.accounts.clients import get, log_in
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_user

VISIT = Visit(door=Door.PAGE)
WHY = "Against the rules."


@pytest.fixture
def post(learner: User) -> Post:
    return make_post(author=learner)


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def reported(text: Post | Comment) -> Case:
    reporting.report(by=make_user(), text=text, reason="It is spam.")
    return Case.objects.open().of(text).get()


def decide(case: Case, by: User, decision: str, **more: Any) -> Case:
    return moderating.decide(by=by, case=case, decision=decision, reason=WHY, visit=VISIT, **more)


def undo(action: StaffAction | None, by: User) -> StaffAction:
    assert action is not None
    return moderating.undo(by=by, action=action, reason="A mistake.", visit=VISIT)


def words_to(user: User) -> list[str]:
    return list(
        Notification.objects.filter(user=user, kind=Kind.MODERATION).order_by("id").values_list("words", flat=True)
    )


def deeds(post: Post, person: User) -> dict[str, Callable[..., Any]]:
    """Everything that moderators do, but for `by` and `reason`."""
    return {
        "hide": partial(moderating.hide, text=post),
        "show": partial(moderating.show, text=post),
        "lock": partial(moderating.lock, post=post),
        "unlock": partial(moderating.unlock, post=post),
        "pin": partial(moderating.pin, post=post, where="category"),
        "unpin": partial(moderating.unpin, post=post),
        "move": partial(moderating.move, post=post, category=make_category("Elsewhere")),
        "silence": partial(moderating.silence, person=person, until=timezone.now() + timedelta(hours=1)),
        "end_silence": partial(moderating.end_silence, person=person),
        "set_level": partial(moderating.set_level, person=person, level=TrustLevel.MEMBER),
        "ban": partial(moderating.ban, person=person, visit=VISIT),
        "unban": partial(moderating.unban, person=person, visit=VISIT),
        "decide": partial(moderating.decide, case=reported(post), decision="hidden", visit=VISIT),
    }


# Who may


@pytest.mark.parametrize("role", ["learner", "stranger", "author"])
def test_only_moderators_do_these(request: pytest.FixtureRequest, post: Post, role: str) -> None:
    by = request.getfixturevalue(role)
    for name, deed in deeds(post, make_user()).items():
        with pytest.raises(PermissionDenied, match=moderating.NOT_A_MODERATOR):
            deed(by=by, reason=WHY)
        assert not StaffAction.objects.exists(), name


def test_a_moderator_without_a_second_factor_is_none(post: Post, moderator: User) -> None:
    Authenticator.objects.filter(user=moderator).delete()
    with pytest.raises(PermissionDenied, match=moderating.NOT_A_MODERATOR):
        moderating.hide(by=again(moderator), text=post, reason=WHY)


@pytest.mark.parametrize("reason", ["", " \n", "\u2800", "x" * (LONGEST_REASON + 1)])
def test_each_needs_a_reason(post: Post, moderator: User, reason: str) -> None:
    for name, deed in deeds(post, make_user()).items():
        with pytest.raises(ValidationError) as error:
            deed(by=moderator, reason=reason)
        assert list(error.value.message_dict) == ["reason"], name
    assert not StaffAction.objects.exists()


@pytest.mark.parametrize("role", ["author", "admin"])
def test_nobody_acts_on_people_with_more_rights(request: pytest.FixtureRequest, moderator: User, role: str) -> None:
    person = request.getfixturevalue(role)
    for name in ("silence", "end_silence", "set_level", "ban", "unban"):
        with pytest.raises(PermissionDenied, match=moderating.HAS_MORE_RIGHTS):
            deeds(make_post(), person)[name](by=moderator, reason=WHY)


def test_nobody_acts_on_themselves(moderator: User) -> None:
    for name in ("silence", "end_silence", "set_level", "ban", "unban"):
        with pytest.raises(PermissionDenied, match=moderating.YOURSELF):
            deeds(make_post(), moderator)[name](by=moderator, reason=WHY)


def test_an_administrator_silences_a_moderator(admin: User, moderator: User) -> None:
    assert deeds(make_post(), moderator)["silence"](by=admin, reason=WHY)


# Texts


def test_what_is_hidden_is_told_written_down_and_undone(
    post: Post, learner: User, moderator: User, stranger: User
) -> None:
    action = moderating.hide(by=moderator, text=post, reason=WHY)
    assert action is not None
    assert again(post).state == State.HIDDEN
    assert not Post.objects.visible_to(stranger).exists()
    assert Standing.objects.get(user=learner).hidden_count == 1
    assert (action.deed, action.by, action.person, action.post, action.reason) == (
        Deed.HIDE,
        moderator,
        learner,
        post,
        WHY,
    )
    assert words_to(learner) == [f"{moderating.TOLD[Deed.HIDE]} The reason: {WHY}"]
    undone = undo(action, moderator)
    assert again(post).state == State.PUBLISHED
    assert Standing.objects.get(user=learner).hidden_count == 0
    assert (undone.undoes, undone.deed) == (action, Deed.HIDE)
    assert words_to(learner)[1:] == ["A moderator has taken back: hide. The reason: A mistake."]


def test_an_undo_is_itself_undone(post: Post, moderator: User) -> None:
    undone = undo(moderating.hide(by=moderator, text=post, reason=WHY), moderator)
    undo(undone, moderator)
    assert again(post).state == State.HIDDEN


def test_who_is_second_to_undo_hears_of_the_first(post: Post, moderator: User, admin: User) -> None:
    action = moderating.hide(by=moderator, text=post, reason=WHY)
    undo(action, moderator)
    with pytest.raises(ValidationError, match="Mo Moderator has undone this already"):
        undo(action, admin)


def test_what_has_changed_since_is_not_undone(post: Post, moderator: User) -> None:
    hidden = moderating.hide(by=moderator, text=post, reason=WHY)
    moderating.show(by=moderator, text=post, reason=WHY)
    pinned = moderating.pin(by=moderator, post=post, where="category", reason=WHY)
    moderating.pin(by=moderator, post=post, where="everywhere", reason=WHY)
    for action in (hidden, pinned):
        with pytest.raises(ValidationError, match=moderating.CHANGED_SINCE):
            undo(action, moderator)
    assert again(post).pinned == "everywhere"


def test_what_was_so_already_is_no_line_of_the_log(post: Post, moderator: User) -> None:
    for deed in ("show", "unlock", "unpin"):
        assert deeds(post, make_user())[deed](by=moderator, reason=WHY) is None
    moderating.lock(by=moderator, post=post, reason=WHY)
    assert moderating.lock(by=moderator, post=post, reason=WHY) is None
    assert StaffAction.objects.count() == 1


def test_a_hidden_comment_leaves_its_thread(post: Post, moderator: User) -> None:
    comment = make_comment(post)
    action = moderating.hide(by=moderator, text=comment, reason=WHY)
    assert again(post).comments_count == 0
    undo(action, moderator)
    assert again(post).comments_count == 1


def test_what_its_author_deleted_is_not_shown_again(post: Post, moderator: User, learner: User) -> None:
    writing.delete_text(by=learner, text=post)
    with pytest.raises(ValidationError, match=moderating.TAKEN_BACK):
        moderating.show(by=moderator, text=post, reason=WHY)


def test_moderators_do_not_clear_their_own_texts(moderator: User, admin: User) -> None:
    own = make_post(author=moderator)
    case = reported(own)
    with pytest.raises(PermissionDenied, match=moderating.YOUR_OWN_TEXT):
        decide(case, moderator, "dismissed")
    decide(case, admin, "hidden")
    with pytest.raises(PermissionDenied, match=moderating.YOUR_OWN_TEXT):
        moderating.show(by=moderator, text=own, reason=WHY)


def test_a_thread_is_locked_and_opened_by_an_undo(post: Post, moderator: User, stranger: User) -> None:
    action = moderating.lock(by=moderator, post=post, reason=WHY)
    with pytest.raises(ValidationError, match=writing.LOCKED):
        make_comment(post, author=stranger)
    undo(action, moderator)
    assert make_comment(post, author=stranger).is_published


def test_a_moved_post_takes_its_entries_of_search_along(post: Post, moderator: User) -> None:
    make_comment(post)
    space = make_category("Inner circle", access="premium")
    before = post.category
    action = moderating.move(by=moderator, post=post, category=space, reason=WHY)
    assert set(SearchEntry.objects.filter(post=post).values_list("category", flat=True)) == {space.pk}
    undo(action, moderator)
    assert again(post).category == before
    assert set(SearchEntry.objects.filter(post=post).values_list("category", flat=True)) == {before.pk}


def test_where_a_post_is_pinned_is_chosen_from_two(post: Post, moderator: User) -> None:
    with pytest.raises(ValidationError) as error:
        moderating.pin(by=moderator, post=post, where="moon", reason=WHY)
    assert error.value.message_dict == {"where": [moderating.CHOOSE_PIN]}


# The queue


def test_a_report_is_dismissed_and_its_author_never_hears_of_it(post: Post, learner: User, moderator: User) -> None:
    case = decide(reported(post), moderator, "dismissed")
    assert (case.decision, case.closed_by) == (Decision.DISMISSED, moderator)
    assert again(post).state == State.PUBLISHED
    assert words_to(learner) == []
    assert StaffAction.objects.get().deed == Deed.DISMISS


def test_what_was_held_is_published_by_approval(
    learner: User, moderator: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.COMMUNITY_HOLD_FIRST_POSTS = 1
    held = make_post(author=learner)
    with django_capture_on_commit_callbacks(execute=True):
        decide(Case.objects.get(), moderator, "approved")
    assert again(held).is_published
    assert words_to(learner) == [f"{moderating.TOLD[Deed.APPROVE]} The reason: {WHY}"]
    undo(StaffAction.objects.get(), moderator)
    assert again(held).state == State.HELD
    assert Case.objects.open().get().post == held


@pytest.mark.parametrize("decision", ["approved", "hidden"])
def test_nobody_decides_about_a_text_that_they_have_not_read(
    learner: User, moderator: User, settings: Any, decision: str
) -> None:
    settings.COMMUNITY_HOLD_FIRST_POSTS = 1
    held = make_post(author=learner)
    read = held.version
    writing.edit_post(by=learner, post=held, changes={"body": "Buy my course instead."})
    case = Case.objects.get()
    with pytest.raises(ValidationError, match="This has changed since you read it"):
        decide(case, moderator, decision, version=read)
    with pytest.raises(ValidationError, match="This has changed since you read it"):
        moderating.show(by=moderator, text=held, reason=WHY, version=read)
    assert again(held).state == State.HELD
    assert not StaffAction.objects.exists()
    assert not decide(case, moderator, decision, version=again(held).version).is_open


def test_a_decision_to_hide_closes_the_case_and_an_undo_opens_it_again(post: Post, moderator: User) -> None:
    case = decide(reported(post), moderator, "hidden")
    assert again(post).state == State.HIDDEN
    assert not case.is_open
    undo(StaffAction.objects.get(), moderator)
    assert again(post).state == State.PUBLISHED
    assert again(case).is_open
    assert again(case).reports.count() == 1


def test_hiding_on_the_page_of_the_thread_closes_the_case(post: Post, moderator: User) -> None:
    case = reported(post)
    moderating.hide(by=moderator, text=post, reason=WHY)
    assert again(case).decision == Decision.HIDDEN


def test_who_is_second_to_decide_hears_of_the_first(post: Post, moderator: User, admin: User) -> None:
    case = decide(reported(post), moderator, "hidden")
    with pytest.raises(ValidationError, match="Mo Moderator has decided this already: hidden"):
        decide(case, admin, "dismissed")
    assert decide(case, moderator, "hidden") == case, "the same again is the same"
    assert StaffAction.objects.count() == 1


@pytest.mark.parametrize(("sanction", "hours"), [("hour", 1), ("day", 24), ("week", 168)])
def test_a_decision_silences_the_author_besides(
    post: Post, learner: User, moderator: User, sanction: str, hours: int
) -> None:
    decide(reported(post), moderator, "hidden", sanction=sanction)
    until = Standing.objects.get(user=learner).silenced_until
    assert until is not None
    assert abs(until - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)


def test_a_sanction_that_is_refused_decides_nothing(moderator: User, author: User) -> None:
    post = make_post(author=author)
    case = reported(post)
    with pytest.raises(PermissionDenied, match=moderating.HAS_MORE_RIGHTS):
        decide(case, moderator, "hidden", sanction="ban")
    assert again(case).is_open
    assert again(post).is_published


def test_a_decision_is_one_of_three(post: Post, moderator: User) -> None:
    with pytest.raises(ValidationError, match=moderating.CHOOSE_DECISION):
        decide(reported(post), moderator, "burned")


# People


def test_silence_ends_by_an_undo(learner: User, moderator: User) -> None:
    until = timezone.now() + timedelta(days=1)
    action = moderating.silence(by=moderator, person=learner, until=until, reason=WHY)
    with pytest.raises(PermissionDenied):
        make_post(author=learner)
    assert words_to(learner)[0].startswith("A moderator has silenced you until ")
    undo(action, moderator)
    assert make_post(author=learner).is_published


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (None, moderating.CHOOSE_WHEN),
        (timedelta(seconds=-1), moderating.CHOOSE_LATER),
        (timedelta(days=400), moderating.TOO_LONG),
    ],
)
def test_silence_is_for_a_time_to_come(learner: User, moderator: User, until: timedelta | None, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        moderating.silence(by=moderator, person=learner, until=timezone.now() + until if until else None, reason=WHY)
    assert error.value.message_dict == {"until": [words]}


def test_a_fixed_level_is_given_back_to_behaviour(learner: User, moderator: User) -> None:
    action = moderating.set_level(by=moderator, person=learner, level=TrustLevel.TRUSTED, reason=WHY)
    standing = Standing.objects.get(user=learner)
    assert (standing.trust_level, standing.level_is_fixed) == (TrustLevel.TRUSTED, True)
    moderating.set_level(by=moderator, person=learner, level=None, reason=WHY)
    standing.refresh_from_db()
    assert (standing.trust_level, standing.level_is_fixed) == (TrustLevel.NEWCOMER, False)
    with pytest.raises(ValidationError, match=moderating.CHANGED_SINCE):
        undo(action, moderator)


def test_who_is_banned_is_signed_out_and_comes_back_by_an_undo(learner: User, moderator: User) -> None:
    access = log_in(learner.email)["access"]
    action = moderating.ban(by=moderator, person=learner, reason=WHY, visit=VISIT)
    assert get("/api/users/me", access).status_code == 401
    assert moderating.ban(by=moderator, person=again(learner), reason=WHY, visit=VISIT) is None
    undo(again(action), moderator)
    assert again(learner).is_active


# The log


def test_nobody_changes_or_deletes_a_line(post: Post, moderator: User, learner: User) -> None:
    moderating.hide(by=moderator, text=post, reason=WHY)
    lines = StaffAction.objects.all()
    for change in (lambda: lines.update(reason="Other"), lambda: lines.update(by=learner), lines.delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert StaffAction.objects.get().reason == WHY


def test_the_log_forgets_who_is_erased(post: Post, moderator: User, learner: User) -> None:
    moderating.hide(by=moderator, text=post, reason=WHY)
    StaffAction.objects.update(person=None)
    StaffAction.objects.update(by=None)
    assert StaffAction.objects.get().by is None
