"""Reads are built from rows, not by what describes them: with something in them they are as the schema says.

What compares is the middleware of all tests (tests/contract/holding.py); here is
content that brings every field out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.models import User
from analytics.services.rolling_up import roll_up
from billing.models import Cause
from billing.services.recording import Why, record
from community.models import Draft
from community.services import answers, following, likes, writing
from tests.analytics.happenings import NOON, an_event, come_in
from tests.billing.truths import make_payment, make_return, make_subscription, make_truth
from tests.community.members import make_category, make_comment, make_post
from tests.tutorials.callers import Caller
from tests.tutorials.learners import answers_to, finish, make_achievement, make_quiz_tutorial, make_track
from tutorials.models import Tutorial


def results(caller: Caller, path: str) -> list[dict[str, Any]]:
    """Of one page of a list, which has something; the middleware of tests holds it to the schema."""
    answer = caller.get(path)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    assert found, path
    return found


def test_tutorials_with_everything(learner: User, author: User) -> None:
    tutorial = make_quiz_tutorial("Prompting", author=author, tags=["basics"], access="premium", slug="prompting")
    assert results(Caller(), "tutorials?q=prompting")[0].keys() >= {"excerpt", "tags"}
    assert results(Caller(), "topics")
    for reader in (Caller(), Caller(learner), Caller(author)):
        assert reader.get(f"tutorials/{tutorial.slug}").status_code == 200
    written = Caller(author).get(f"tutorials/{tutorial.slug}").json()
    assert written["status"] == "published"
    unchanged = Caller().get(
        f"tutorials/{tutorial.slug}", if_none_match=Caller().get(f"tutorials/{tutorial.slug}")["ETag"]
    )
    assert unchanged.status_code == 304


def test_learning_with_everything(learner: User, tutorial: Tutorial) -> None:
    make_achievement("tutorials_finished")
    asked = make_quiz_tutorial("Asked")
    make_track(tutorial, asked, slug="start")
    caller = Caller(learner)
    assert caller.get("tutorials/asked/progress").json()["block"] is None
    assert caller.get("tutorials/asked/quiz").status_code == 200
    finish(learner, tutorial)
    assert results(caller, "tracks")[0]["done"] == 1
    assert caller.get("tracks/start").json()["steps"][0]["is_done"]
    answered = caller.post("tutorials/asked/quiz/attempts", {"answers": answers_to(asked)})
    assert answered.status_code == 201
    assert results(caller, "tutorials/asked/quiz/attempts")
    assert results(caller, "users/me/achievements")
    assert results(caller, f"users/{learner.pk}/achievements")
    caller.put(f"tutorials/{tutorial.slug}/bookmark", {"note": "again"})
    assert results(caller, "bookmarks")[0]["note"] == "again"
    assert caller.get(f"tutorials/{tutorial.slug}/bookmark").status_code == 200


def test_the_community_with_everything(learner: User, stranger: User, moderator: User) -> None:
    category = make_category("Prompting")
    post = make_post(author=learner, category=category, tags=["citations"], body="Two papers do not exist.")
    writing.edit_post(by=learner, post=post, changes={"body": "Three papers do not exist."})
    comment = make_comment(post, author=stranger, body="It writes what is likely.")
    reply = make_comment(post, author=learner, parent=comment)
    gone = make_comment(post, author=stranger)
    writing.delete_text(by=stranger, text=gone)
    answers.accept_answer(by=learner, post=post, comment=comment)
    likes.like(user=learner, text=comment)
    following.put_watch(user=stranger, level="watching", category=category)
    following.put_watch(user=stranger, level="muted", tag="papers")
    following.put_watch(user=stranger, level="watching", person=learner)
    following.put_watch(user=stranger, level="watching", post=post)
    Draft.objects.create(user=learner, place="post", title="x", category=category, type="question")
    for reader in (Caller(), Caller(learner), Caller(stranger), Caller(moderator)):
        assert results(reader, "posts")[0]["solved"]
        assert reader.get(f"posts/{post.pk}").json()["accepted_answer"] == comment.pk
        assert {each["id"] for each in results(reader, f"posts/{post.pk}/comments")} >= {comment.pk, reply.pk}
        assert results(reader, f"posts/{post.pk}/revisions")
        assert reader.get(f"comments/{comment.pk}").status_code == 200
    assert Caller().get(f"comments/{gone.pk}").status_code == 404
    assert results(Caller(), "posts?q=papers")[0]["marked_excerpt"]
    assert results(Caller(), "categories")
    assert len(results(Caller(stranger), "watches")) == 4
    assert results(Caller(stranger), "notifications")
    assert results(Caller(learner), "drafts")
    reported = Caller(stranger).post(f"posts/{post.pk}/reports", {"reason": "It sells something."})
    assert reported.status_code == 201
    assert results(Caller(moderator), "moderation/cases")


def test_billing_with_everything(learner: User) -> None:
    record(make_subscription(learner), make_truth(make_payment(returns=(make_return(),))), Why(Cause.PROVIDER))
    caller = Caller(learner)
    assert caller.get("subscription").json()["plan"] == "premium"
    assert results(caller, "subscription/invoices")[0]["refunds"]


def test_figures_with_everything(admin: User) -> None:
    come_in(an_event(visitor=-1, subject="/pricing/", source="example.org"))
    roll_up(NOON)
    caller = Caller(admin)
    days = f"from={NOON - timedelta(days=1):%Y-%m-%d}&to={NOON:%Y-%m-%d}"
    assert caller.get(f"analytics/summary?{days}").json()["pages"]
    assert caller.get(f"analytics/series?metric=visits&{days}").json()["points"][0].keys() == {"day", "value"}
    by_hour = caller.get(f"analytics/series?metric=visits&interval=hour&{days}")
    assert by_hour.json()["points"][0].keys() == {"at", "value"}
