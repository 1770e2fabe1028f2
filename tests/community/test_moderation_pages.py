"""The pages of moderators: the queue, texts, people, and the staff log."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.models.sessions import Door
from accounts.visits import Visit
from community.models import Case, Post, StaffAction, Standing, State
from community.models.moderation import NO_REASON
from community.services import moderating, reporting, states, writing
from tests.clients import signed_in
from tests.community.members import make_category, make_comment, make_post
from tests.factories import make_user

WHY = "Against the rules."
QUEUE, LOG = "/community/moderation/", "/community/moderation/log/"
# What the learner of the cast is called.
PERSON = "/community/moderation/people/lea-learner/"


@pytest.fixture
def post(learner: User) -> Post:
    return make_post("How does one cheat?", author=learner)


@pytest.fixture
def browser(moderator: User) -> Client:
    return signed_in(moderator)


def reported(text: Any, reason: str = "It is spam.") -> Case:
    reporting.report(by=make_user(), text=text, reason=reason)
    return Case.objects.open().of(text).get()


def send(browser: Client, address: str, **fields: str) -> str:
    return browser.post(address, fields, follow=True).content.decode()


def page(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


def decision(case: Case, **fields: str) -> dict[str, str]:
    return {f"case-{case.pk}-{name}": value for name, value in fields.items()}


def test_the_queue_is_closed_to_all_but_moderators(learner: User, author: User, visitor: Client) -> None:
    for address in (QUEUE, LOG, PERSON):
        assert visitor.get(address).status_code == 302
        for user in (learner, author):
            response = signed_in(user).get(address)
            assert response.status_code == 403
            assert moderating.NOT_A_MODERATOR in response.content.decode()


def test_an_empty_queue_says_so(browser: Client) -> None:
    assert "Nothing waits" in page(browser, QUEUE)


def test_the_queue_shows_who_waits_longest_first_with_all_that_is_known(
    browser: Client, post: Post, moderator: User, learner: User
) -> None:
    moderating.silence(by=moderator, person=learner, until=timezone.now() + timedelta(days=1), reason=WHY)
    reported(make_comment(post, body="Buy it here."), "It is <b>spam</b>.")
    reported(post, "It is rude.")
    shown = page(browser, QUEUE)
    assert shown.index("Buy it here.") < shown.index("It is rude.")
    assert "It is &lt;b&gt;spam&lt;/b&gt;." in shown
    assert "1 earlier action" in shown
    assert "1 post," in shown
    assert "Silenced until" in shown


def test_the_queue_asks_the_database_as_often_for_many_as_for_one(browser: Client) -> None:
    def queries() -> int:
        browser.get(QUEUE)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            browser.get(QUEUE)
        return len(asked)

    reported(make_post())
    reported(make_comment(make_post()))
    one = queries()
    for _ in range(5):
        reported(make_post())
        reported(make_comment(make_post()))
    assert queries() == one
    assert one <= 14, one


def test_the_queue_is_paged(browser: Client) -> None:
    for number in range(3):
        reported(make_post(f"Number {number} of three"))
    first = browser.get(QUEUE, {"page_size": 2})
    assert "Number 1 of three" in first.content.decode()
    assert "Number 2 of three" not in first.content.decode()
    assert "Number 2 of three" in page(browser, first.context["next"])
    assert browser.get(QUEUE, {"cursor": "nonsense"}).status_code == 400


def test_a_text_is_hidden_from_the_queue_and_its_author_silenced(browser: Client, post: Post, learner: User) -> None:
    case = reported(post)
    address = f"/community/moderation/cases/{case.pk}/"
    assert NO_REASON in send(browser, address, **decision(case, decision="hidden", reason=" ", sanction="day"))
    shown = send(browser, address, **decision(case, decision="hidden", reason=WHY, sanction="day"))
    assert "Nothing waits" in shown
    assert Post.objects.get().state == State.HIDDEN
    assert Standing.objects.get(user=learner).is_silenced


def test_a_text_is_kept(browser: Client, post: Post) -> None:
    case = reported(post)
    send(browser, f"/community/moderation/cases/{case.pk}/", **decision(case, decision="keep", reason=WHY))
    assert Post.objects.get().state == State.PUBLISHED
    assert not Case.objects.open().exists()


def test_the_second_moderator_reads_what_the_first_decided(browser: Client, post: Post, admin: User) -> None:
    case = reported(post)
    moderating.decide(by=admin, case=case, decision="dismissed", reason=WHY, visit=Visit(door=Door.PAGE))
    address = f"/community/moderation/cases/{case.pk}/"
    shown = send(browser, address, **decision(case, decision="hidden", reason=WHY))
    assert "Alex Admin has decided this already: dismissed." in shown
    assert Post.objects.get().state == State.PUBLISHED


def test_a_moderator_is_shown_what_an_author_has_changed_meanwhile(browser: Client, post: Post, learner: User) -> None:
    case = reported(post)
    address = f"/community/moderation/cases/{case.pk}/"
    read = version_on(page(browser, address))
    writing.edit_post(by=learner, post=post, changes={"body": "Buy my course instead."})
    shown = send(browser, address, **decision(case, decision="keep", reason=WHY, version=read))
    assert "This has changed since you read it." in shown
    assert "Buy my course instead." in shown
    assert Case.objects.open().exists()
    # The page that says so is about the text as it is now.
    assert "Nothing waits" in send(
        browser, address, **decision(case, decision="keep", reason=WHY, version=version_on(shown))
    )


def test_a_held_text_is_published_on_its_page_only_as_it_was_read(browser: Client, post: Post, learner: User) -> None:
    states.set_state(post, State.HELD)
    address = f"/community/posts/{post.pk}/moderate/"
    read = version_on(page(browser, address))
    writing.edit_post(by=learner, post=post, changes={"body": "Buy my course instead."})
    shown = send(browser, address, deed="show", reason=WHY, version=read)
    assert "This has changed since you read it." in shown
    assert Post.objects.get().state == State.HELD
    assert "Done." in send(browser, address, deed="show", reason=WHY, version=version_on(shown))
    assert Post.objects.get().is_published


def test_a_page_that_is_shown_again_for_another_fault_says_that_the_text_has_changed(
    browser: Client, post: Post, learner: User
) -> None:
    case, text = f"/community/moderation/cases/{reported(post).pk}/", f"/community/posts/{post.pk}/moderate/"
    read = version_on(page(browser, case))
    writing.edit_post(by=learner, post=post, changes={"body": "Buy my course instead."})
    for shown in (
        send(browser, case, **decision(Case.objects.get(), decision="keep", reason=" ", version=read)),
        send(browser, text, deed="hide", reason=" ", version=read),
        send(browser, text, deed="hide", reason=WHY, version=read),
    ):
        assert shown.count("This has changed since you read it.") == 1
    assert Post.objects.get().is_published


def version_on(html: str) -> str:
    found = re.search(r'<input type="hidden" name="[a-z0-9-]*version" value="([\d-]+)">', html)
    assert found is not None
    return found[1]


def test_a_post_is_locked_pinned_moved_and_hidden_on_its_page(browser: Client, post: Post) -> None:
    elsewhere = make_category("Elsewhere")
    address = f"/community/posts/{post.pk}/moderate/"
    for deed in ("lock", "pin-everywhere", "hide"):
        assert "Done." in send(browser, address, deed=deed, reason=WHY)
    assert "Choose one of the categories." in send(browser, address, deed="move", reason=WHY)
    assert "Done." in send(browser, address, deed="move", category="elsewhere", reason=WHY)
    post.refresh_from_db()
    assert (post.is_locked, post.pinned, post.state, post.category) == (True, "everywhere", "hidden", elsewhere)
    for deed in ("unlock", "unpin", "show"):
        assert "Done." in send(browser, address, deed=deed, reason=WHY)
    post.refresh_from_db()
    assert (post.is_locked, post.pinned, post.state) == (False, "", "published")
    shown = page(browser, address)
    assert shown.count("Against the rules.") == 7


def test_what_cannot_be_done_now_is_not_done(browser: Client, post: Post) -> None:
    address = f"/community/posts/{post.pk}/moderate/"
    assert "This has changed since you opened the page." in send(browser, address, deed="unlock", reason=WHY)
    assert "Choose what to do." in send(browser, address, reason=WHY)
    assert NO_REASON in send(browser, address, deed="lock", reason="")
    assert not StaffAction.objects.exists()


def test_a_comment_is_hidden_on_its_page(browser: Client, post: Post, learner: User) -> None:
    comment = make_comment(post)
    address = f"/community/comments/{comment.pk}/moderate/"
    assert signed_in(learner).get(address).status_code == 403
    assert "Done." in send(browser, address, deed="hide", reason=WHY)
    comment.refresh_from_db()
    assert comment.state == State.HIDDEN


def test_a_person_is_silenced_and_given_a_level_on_their_page(browser: Client, learner: User) -> None:
    assert "Newcomer" in page(browser, PERSON)
    assert "Done." in send(browser, PERSON, deed="silence-week", reason=WHY)
    assert "Silenced until" in page(browser, PERSON)
    assert "Done." in send(browser, PERSON, deed="unsilence", reason=WHY)
    assert "Choose until when." in send(browser, PERSON, deed="silence-until", reason=WHY)
    assert "Done." in send(browser, PERSON, deed="silence-until", until="2027-03-01T12:00", reason=WHY)
    assert "Done." in send(browser, PERSON, deed="level-2", reason=WHY)
    assert "Regular, fixed by moderators" in page(browser, PERSON)
    assert "Done." in send(browser, PERSON, deed="level-earned", reason=WHY)
    assert Standing.objects.get(user=learner).trust_level == 0


def test_who_is_banned_is_signed_out_at_once(browser: Client, learner: User) -> None:
    theirs = signed_in(learner)
    assert theirs.get("/learning/").status_code == 200
    assert "Done." in send(browser, PERSON, deed="ban", reason=WHY)
    assert theirs.get("/learning/").status_code == 302
    assert "Banned" in page(browser, PERSON)
    assert "Done." in send(browser, PERSON, deed="unban", reason=WHY)


def test_people_with_more_rights_are_out_of_reach(browser: Client, admin: User) -> None:
    response = browser.post("/community/moderation/people/alex-admin/", {"deed": "ban", "reason": WHY})
    assert response.status_code == 403
    assert moderating.HAS_MORE_RIGHTS in response.content.decode()


def test_the_log_is_filtered_by_person_and_deed(browser: Client, post: Post, moderator: User) -> None:
    moderating.hide(by=moderator, text=post, reason="The first of all.")
    moderating.lock(by=moderator, post=make_post(), reason="The second of all.")
    both = page(browser, LOG)
    assert both.index("The second of all.") < both.index("The first of all.")
    for query in ("?person=@lea-learner", "?deed=hide"):
        shown = page(browser, LOG + query)
        assert "The first of all." in shown
        assert "The second of all." not in shown
    assert "Nobody has this handle." in page(browser, f"{LOG}?person=nobody-here")


def test_a_deed_is_undone_from_the_log_once(browser: Client, post: Post, moderator: User) -> None:
    action = moderating.hide(by=moderator, text=post, reason=WHY)
    assert action is not None
    address = f"{LOG}{action.pk}/undo/"
    assert address in page(browser, LOG)
    assert NO_REASON in send(browser, address, reason="")
    assert "Undone." in send(browser, address, reason="A mistake.")
    assert Post.objects.get().state == State.PUBLISHED
    assert "Mo Moderator has undone this already." in send(browser, address, reason="A mistake.")


def test_page_and_api_refuse_the_silenced_in_the_same_words(learner: User, moderator: User, post: Post) -> None:
    from tests.tutorials.callers import Caller

    moderating.silence(by=moderator, person=learner, until=timezone.now() + timedelta(days=1), reason=WHY)
    at_page = signed_in(learner).post(f"/community/posts/{post.pk}/comment/", {"body": "But why?"})
    at_api = Caller(learner).post(f"posts/{post.pk}/comments", {"body": "But why?"})
    assert at_page.status_code == at_api.status_code == 403
    words = at_api.json()["detail"]
    assert words.startswith("You may not write here until ")
    assert words in at_page.content.decode()


def test_staff_look_at_records_in_the_admin_and_change_none(
    browser: Client, post: Post, moderator: User, author: User
) -> None:
    moderating.hide(by=moderator, text=make_comment(post), reason=WHY)
    reported(post)
    make_category("Elsewhere")
    for name in ("post", "comment", "standing", "case", "staffaction", "category"):
        assert browser.get(f"/admin/community/{name}/").status_code == 200, name
        assert signed_in(author).get(f"/admin/community/{name}/").status_code == 403, name
        if name != "category":
            assert browser.get(f"/admin/community/{name}/add/").status_code == 403, name
    for row in (post, StaffAction.objects.get(), Case.objects.get(), Standing.objects.first()):
        assert row is not None
        address = f"/admin/community/{row._meta.model_name}/{row.pk}/"
        assert browser.get(f"{address}change/").status_code == 200
        assert browser.post(f"{address}change/", {}).status_code == 403
        assert browser.post(f"{address}delete/", {"post": "yes"}).status_code == 403
