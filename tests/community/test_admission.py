"""Who may write, how much and what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import User
from accounts.services.people import NOT_CONFIRMED
from common.limits import Limited
from community.models import Case, CaseKind, Comment, Post, Standing, State, TrustLevel
from community.services import admission, moderating, writing
from tests.community.members import make_comment, make_post
from tests.factories import make_user

LINKS = "See https://a.example and https://b.example and https://c.example for it."
IMAGE = "Look: ![a chart](https://a.example/chart.png)"


def stand(user: User, **fields: Any) -> None:
    Standing.objects.update_or_create(user=user, defaults=fields)


def fault_of(error: pytest.ExceptionInfo[ValidationError]) -> tuple[str, str]:
    """The field and the code of the first fault."""
    field, faults = next(iter(error.value.error_dict.items()))
    return field, str(faults[0].code)


def test_whose_address_is_not_confirmed_writes_nothing(db: None) -> None:
    with pytest.raises(PermissionDenied, match=NOT_CONFIRMED):
        make_post(author=make_user(confirmed=False))
    assert not Post.objects.exists()


def test_a_newcomer_may_use_two_links_and_not_three(learner: User) -> None:
    make_post(author=learner, body="See https://a.example and https://b.example for it.")
    with pytest.raises(ValidationError) as error:
        make_post(author=learner, body=LINKS)
    assert fault_of(error) == ("body", "too_many_links")
    assert Post.objects.count() == 1


def test_a_newcomer_may_mention_three_people_and_not_four(learner: User) -> None:
    people = [f"@{make_user().profile.handle}" for _ in range(4)]
    assert make_post(author=learner, body=f"What do {' '.join(people[:3])} and again {people[0]} think?").is_published
    with pytest.raises(ValidationError) as error:
        make_post(author=learner, body=f"And what do {' '.join(people)} think of this?")
    assert fault_of(error) == ("body", "too_many_mentions")
    assert "up to 3 people" in str(error.value)
    stand(learner, trust_level=TrustLevel.MEMBER)
    assert make_post(author=learner, body=f"And what do {' '.join(people)} think of this?").is_published


def test_an_edit_is_held_to_the_same_number_of_people(learner: User) -> None:
    post = make_post(author=learner)
    people = " ".join(f"@{make_user().profile.handle}" for _ in range(4))
    with pytest.raises(ValidationError) as error:
        writing.edit_post(by=learner, post=post, changes={"body": people})
    assert fault_of(error) == ("body", "too_many_mentions")


def test_a_newcomer_shows_no_images_and_a_member_does(learner: User) -> None:
    with pytest.raises(ValidationError) as error:
        make_post(author=learner, body=IMAGE)
    assert fault_of(error) == ("body", "no_images_yet")
    stand(learner, trust_level=TrustLevel.MEMBER)
    assert make_post(author=learner, body=IMAGE).is_published


def test_an_edit_is_held_to_the_same_links(learner: User) -> None:
    post = make_post(author=learner)
    with pytest.raises(ValidationError) as error:
        writing.edit_post(by=learner, post=post, changes={"body": LINKS})
    assert fault_of(error) == ("body", "too_many_links")


def test_a_regular_uses_any_number_of_links(learner: User) -> None:
    stand(learner, trust_level=TrustLevel.REGULAR)
    assert make_post(author=learner, body=LINKS * 10).is_published


def test_moderators_have_no_limits_but_repetition(moderator: User) -> None:
    for _ in range(12):
        make_post(author=moderator, body=f"{LINKS} {timezone.now().isoformat()}")
    assert Post.objects.count() == 12


def test_the_same_text_is_not_posted_twice_in_a_day(learner: User) -> None:
    post = make_post("How do I quote?", author=learner, body="The model answers with a quote, and I want none of it.")
    with pytest.raises(ValidationError) as error:
        make_post("Something else", author=learner, body="the model answers  with a quote, and\nI want none of it.")
    assert fault_of(error) == ("body", "repeated")
    assert error.value.messages == [admission.POSTED_ALREADY.format(title=post.title)]


def test_others_may_say_the_same(learner: User, stranger: User) -> None:
    make_post(author=learner, body="The model answers with a quote.")
    assert make_post(author=stranger, body="The model answers with a quote.").is_published


def test_what_was_deleted_may_be_posted_again(learner: User) -> None:
    post = make_post(author=learner, body="The model answers with a quote.")
    writing.delete_text(by=learner, text=post)
    assert make_post(author=learner, body="The model answers with a quote.").is_published


def test_signs_that_nobody_sees_make_no_other_text(learner: User) -> None:
    make_post(author=learner, body="The model answers with a quote.")
    with pytest.raises(ValidationError):
        make_post(author=learner, body="The model\u200b answers with a quote.")


def test_a_short_comment_may_be_repeated_after_a_while(learner: User, stranger: User) -> None:
    post = make_post(author=stranger)
    thanks = make_comment(post, author=learner, body="Thank you!")
    with pytest.raises(ValidationError):
        make_comment(post, author=learner, body="Thank you!")
    Comment.objects.filter(pk=thanks.pk).update(created_at=timezone.now() - timedelta(minutes=6))
    assert make_comment(post, author=learner, body="Thank you!").is_published


def test_a_newcomer_posts_ten_times_an_hour(learner: User) -> None:
    for _ in range(10):
        make_post(author=learner)
    with pytest.raises(Limited):
        make_post(author=learner)
    assert Post.objects.count() == 10


def test_what_is_refused_is_not_counted(learner: User) -> None:
    for _ in range(12):
        with pytest.raises(ValidationError):
            make_post(author=learner, body=LINKS)
    assert make_post(author=learner).is_published


def test_a_network_has_a_rate_of_its_own(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(admission.BY_NETWORK, "post", "2/h")
    make_post(address="192.0.2.1")
    make_post(address="192.0.2.1")
    with pytest.raises(Limited):
        make_post(address="192.0.2.1")
    assert make_post(address="192.0.2.2").is_published


def test_first_texts_are_held_where_an_operator_wants_it(learner: User, settings: LazySettings) -> None:
    settings.COMMUNITY_HOLD_FIRST_POSTS = 1
    first = make_post(author=learner)
    assert first.state == State.HELD
    case = Case.objects.get()
    assert (case.kind, case.post, case.cause) == (CaseKind.HELD, first, admission.FIRST_TEXTS)
    second = make_post(author=learner)
    assert second.state == State.HELD, "none of them is published yet"
    stand(learner, posts_count=1)
    assert make_post(author=learner).is_published


def test_first_texts_of_moderators_are_not_held(moderator: User, settings: LazySettings) -> None:
    settings.COMMUNITY_HOLD_FIRST_POSTS = 5
    assert make_post(author=moderator).is_published


def test_what_repeats_a_hidden_text_is_held(learner: User, stranger: User, moderator: User) -> None:
    spam = make_post(author=learner, body="Buy followers cheaply, only today.")
    assert make_comment(make_post(), author=make_user(), body="Buy followers cheaply, only today.").is_published
    moderating.hide(by=moderator, text=spam, reason="Advertising.")
    held = make_post(author=stranger, body="BUY followers  cheaply, only today.")
    assert held.state == State.HELD
    assert Case.objects.get(post=held).cause == admission.WAS_HIDDEN


def test_who_is_silenced_writes_nothing_until_it_ends(learner: User) -> None:
    post = make_post()
    stand(learner, silenced_until=timezone.now() + timedelta(hours=1))
    for write in (lambda: make_post(author=learner), lambda: make_comment(post, author=learner)):
        with pytest.raises(PermissionDenied, match=r"You may not write here until .* UTC"):
            write()
    stand(learner, silenced_until=timezone.now() - timedelta(seconds=1))
    assert make_post(author=learner).is_published
