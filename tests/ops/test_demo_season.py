"""What the demo tells of its ninety days: lively, and true by every rule that the platform has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Count, DateTimeField, F, Min, Q, QuerySet, Sum
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import Profile, User
from analytics.models import DailyCount, Funnel, Goal, MemberDay, MemberSummary
from analytics.models.counts import Dimension
from billing.models import AccessGrant, Invoice, Refund, Seat, State, Subscription, SubscriptionTransition
from billing.reports.calendar import Months, month_of, months_on
from billing.reports.revenue import View, revenue
from common.markdown import USER_CONTENT, render
from community.models import Case, Comment, Like, Notification, Post, SearchEntry, Standing
from community.services.counting import find_drift
from ops.demo import seed_demo
from tutorials.models import (
    Achievement,
    Award,
    Bookmark,
    Learner,
    LearningDay,
    QuizAttempt,
    Track,
    TrackCompletion,
    TutorialProgress,
)
from tutorials.services import awarding

DAY = timedelta(days=1)
# What is meant to lie ahead, or comes from the files of the tutorials.
MAY_LIE_AHEAD = {
    *("ends_at", "expires_at", "trial_ends_at", "current_period_end", "period_end", "next_attempt_at", "resumes_at"),
    *("starts_at", "published_at", "try_at", "mail_at"),
}


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[datetime]:
    """Made once: it takes seconds; the moment at which. Whatever a test changes of it goes again."""
    present = timezone.now()
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(present, tick=False):
            seed_demo()
        connection.check_constraints()
        yield present
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def demo(seeded: datetime) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_there_is_enough_of_everything_to_look_at() -> None:
    at_least = {
        User: 120,
        Post: 60,
        Comment: 400,
        Like: 1_500,
        TutorialProgress: 700,
        QuizAttempt: 350,
        LearningDay: 1_400,
        Award: 400,
        TrackCompletion: 40,
        Bookmark: 60,
        Notification: 1_000,
        Subscription: 45,
        Invoice: 60,
        Refund: 3,
        Seat: 12,
    }
    found = {model: model._default_manager.count() for model in at_least}
    assert {model: count for model, count in found.items() if count < at_least[model]} == {}


def test_it_happened_over_ninety_days_and_nothing_of_it_lies_ahead() -> None:
    now = timezone.now()
    joined = User.objects.annotate(month=(now - F("date_joined"))).values_list("date_joined", flat=True)
    by_month = Counter((now - at) // (30 * DAY) for at in joined)
    assert set(by_month) <= {0, 1, 2, 3}
    assert min(by_month[0], by_month[1], by_month[2]) > 15
    for model in apps.get_models():
        if model._meta.app_label not in {"accounts", "tutorials", "community", "billing"} or not model._meta.managed:
            continue
        for field in model._meta.fields:
            if isinstance(field, DateTimeField) and field.name not in MAY_LIE_AHEAD:
                late = model._default_manager.filter(**{f"{field.name}__gt": timezone.now()})
                assert not late.exists(), f"{model._meta.label}.{field.name}"


def test_nobody_did_anything_before_they_came() -> None:
    for model, person, at in (
        (Post, "author", "created_at"),
        (Comment, "author", "created_at"),
        (Like, "user", "created_at"),
        (TutorialProgress, "user", "started_at"),
        (QuizAttempt, "user", "at"),
        (Subscription, "user", "created_at"),
        (Award, "user", "earned_at"),
        (Notification, "user", "at"),
    ):
        early = model._default_manager.filter(**{f"{at}__lt": F(f"{person}__date_joined")})
        assert not early.exists(), model
    assert not Comment.objects.filter(created_at__lte=F("post__created_at")).exists()
    assert not Comment.objects.filter(created_at__lte=F("parent__created_at")).exists()
    likes_too_soon = Q(created_at__lt=F("post__created_at")) | Q(created_at__lt=F("comment__created_at"))
    assert not Like.objects.filter(likes_too_soon).exists()
    # Its author was told of it, as far as the demo tells anybody.
    assert not Like.objects.untold().exists()
    assert not TutorialProgress.objects.filter(started_at__lt=F("tutorial__published_at")).exists()


def test_everything_that_is_counted_is_what_is_there() -> None:
    assert list(find_drift()) == []
    assert not Standing.objects.out_of_step().exists()
    published = Post.objects.filter(state="published").count() + Comment.objects.filter(state="published").count()
    assert SearchEntry.objects.count() == published


def test_all_have_what_they_have_earned_and_no_more() -> None:
    held = Award.objects.count(), TrackCompletion.objects.count()
    assert sum(awarding.award_to_all(achievement=each) for each in Achievement.objects.all()) == 0
    assert sum(awarding.complete_track_for_all(track=each) for each in Track.objects.all()) == 0
    assert (Award.objects.count(), TrackCompletion.objects.count()) == held
    newest = timezone.now() - timedelta(minutes=1)
    assert not Award.objects.filter(earned_at__gt=newest).exists(), "one of which nobody knows when it was earned"


def test_days_and_streaks_of_learning_agree() -> None:
    read = dict(TutorialProgress.objects.values_list("user").annotate(total=Sum("seconds")))
    by_day = dict(LearningDay.objects.values_list("user").annotate(total=Sum("seconds")))
    assert read == by_day
    for learner in Learner.objects.all():
        counted = Learner()
        for day in LearningDay.objects.filter(user=learner.user_id).order_by("day").values_list("day", flat=True):
            counted.note_day(day)
        expected = (counted.streak, counted.longest_streak, counted.last_day)
        assert (learner.streak, learner.longest_streak, learner.last_day) == expected


def test_nobody_read_what_was_not_open_to_them() -> None:
    premium = TutorialProgress.objects.filter(tutorial__access="premium", user__is_staff=False)
    assert premium.count() > 20
    for progress in premium:
        assert AccessGrant.objects.in_force(progress.started_at).filter(user=progress.user_id).exists()
    for like in Like.objects.filter(post__category__access="premium").select_related("user"):
        assert like.user.is_staff or AccessGrant.objects.filter(user=like.user_id).exists()


def test_what_people_wrote_passes_the_rules_of_forms() -> None:
    for profile in Profile.objects.select_related("user"):
        profile.full_clean()
        profile.user.full_clean()
        assert profile.bio_html == render(profile.bio, link_rel=USER_CONTENT).html
    for post in Post.objects.all():
        post.full_clean(validate_constraints=False)
    for comment in Comment.objects.all():
        comment.full_clean(exclude=["parent"], validate_constraints=False)
    said = Counter(Comment.objects.values_list("author", "text"))
    assert said.most_common(1)[0][1] == 1, "somebody says the same twice"
    titles = Counter(Post.objects.filter(state="published").values_list("title", flat=True))
    assert titles.most_common(1)[0][1] == 1


def test_a_question_without_options_or_answers_does_not_stay_alone_everywhere() -> None:
    answered = Post.objects.filter(type="question", accepted_answer__isnull=False).count()
    questions = Post.objects.filter(type="question", state="published").count()
    assert 0.6 < answered / questions < 1
    assert Comment.objects.filter(parent__isnull=False).count() > 100


def test_every_subscription_is_where_its_steps_have_led() -> None:
    states = set(Subscription.objects.values_list("state", flat=True))
    assert states == {
        *(State.TRIALING, State.ACTIVE, State.PAST_DUE, State.PAUSED, State.CANCELLED, State.ENDED),
    }
    for subscription in Subscription.objects.prefetch_related("transitions"):
        steps = list(subscription.transitions.all())
        assert [step.from_state for step in steps] == ["incomplete", *(step.to_state for step in steps[:-1])]
        assert steps[-1].to_state == subscription.state
        assert steps == sorted(steps, key=lambda step: step.at)
        assert steps[-1].annual_amount == subscription.annual_amount
        assert (subscription.ended_at is not None) == (subscription.state == State.ENDED)
    assert not SubscriptionTransition.objects.exclude(recorded_at=F("at")).exists()
    for subscription in Subscription.objects.filter(state=State.ACTIVE):
        assert AccessGrant.objects.in_force(timezone.now()).filter(subscription=subscription).exists()
    refunded = Invoice.objects.annotate(back=Sum("refunds__amount")).filter(amount_refunded__gt=0)
    assert all(invoice.amount_refunded == invoice.back for invoice in refunded)


def test_revenue_grows_from_month_to_month() -> None:
    now = timezone.now()
    month = month_of(now)
    seen = revenue(View(Months(months_on(month, -3), month), "USD", now))
    ends = [statement.end.monthly for statement in seen.statements.values()]
    assert ends == sorted(ends)
    assert ends[-1] > 150_000  # cents
    assert seen.past_due.lasting == 2
    assert (
        sum(each.collected for each in seen.cash.values()) == Invoice.objects.aggregate(sum=Sum("amount_paid"))["sum"]
    )
    assert sum(each.refunded for each in seen.cash.values()) > 0
    assert sum(each.paying for each in seen.trials.values()) > 0


def test_moderators_find_something_to_do_and_something_done() -> None:
    waiting = Case.objects.open()
    assert sorted(waiting.values_list("kind", flat=True)) == ["held", "reported", "reported"]
    assert set(Case.objects.exclude(decision="").values_list("decision", flat=True)) == {"hidden", "dismissed"}
    assert Case.objects.annotate(found=Count("reports")).exclude(reports_count=F("found")).count() == 0
    assert User.objects.filter(is_active=False).count() == 1


def test_the_four_have_histories_of_their_own() -> None:
    learner = User.objects.get(email="learner@howtoai.example")
    assert Post.objects.filter(author=learner).count() >= 3
    assert TutorialProgress.objects.filter(user=learner, completed_at__isnull=False).count() >= 4
    assert TutorialProgress.objects.filter(user=learner, completed_at=None, fraction__gt=0).exists()
    assert Learner.objects.get(user=learner).streak >= 4
    assert Bookmark.objects.filter(user=learner).exclude(note="").exists()
    assert Notification.objects.of(learner).unread().exists()
    assert not AccessGrant.objects.in_force(timezone.now()).filter(user=learner).exists()
    assert Invoice.objects.filter(user=learner).count() >= 2
    for email in ("author@howtoai.example", "moderator@howtoai.example"):
        assert Comment.objects.filter(author__email=email).count() >= 3


@pytest.mark.parametrize(
    ("email", "paths"),
    [
        ("", ("/", "/tutorials/", "/community/", "/community/?sort=top", "/u/lea-learner/")),
        ("learner@howtoai.example", ("/", "/learning/", "/notifications/", "/billing/", "/community/following/")),
        ("moderator@howtoai.example", ("/community/moderation/", "/community/moderation/log/")),
        ("admin@howtoai.example", ("/admin/billing/revenue/", "/admin/accounts/user/", "/admin/billing/subscription/")),
    ],
)
def test_pages_show_it(email: str, paths: tuple[str, ...], settings: pytest.FixtureRequest) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = False  # type: ignore[attr-defined]
    client = Client()
    if email:
        client.force_login(User.objects.get(email=email))
    for path in paths:
        assert client.get(path).status_code == 200, path


def test_figures_grow_and_all_of_them_have_something_to_show() -> None:
    visitors = [row.visitors for row in figures_of("site").filter(key="")]
    assert len(visitors) >= 90
    assert min(visitors[1:-1]) > 0
    assert sum(visitors[-30:]) > 1.5 * sum(visitors[:30])
    shown = set(DailyCount.objects.filter(segment=0).values_list("dimension", flat=True))
    assert shown == set(Dimension.values)
    goals = {key.partition("|")[0] for key in figures_of("goal").values_list("key", flat=True)}
    assert len(goals) == Goal.objects.count() == 4
    reached = {tuple(key.split("|")) for key in figures_of("funnel").values_list("key", flat=True)}
    steps = {(str(each.pk), str(step + 1)) for each in Funnel.objects.all() for step in range(len(each.steps))}
    assert reached == steps
    # Staff are kept out, and nobody was there before they came.
    staff = User.objects.filter(is_staff=True)
    assert not MemberDay.objects.filter(user__in=staff).exists()
    signed_up = MemberSummary.objects.filter(signed_up_at__isnull=False)
    assert signed_up.count() > 40
    assert not signed_up.filter(first_started_at__lt=F("signed_up_at")).exists()


def test_no_mail_of_it_is_due() -> None:
    assert not Notification.objects.filter(mail_at__isnull=False).exists()
    assert Post.objects.filter(announced_at=None, state="published").count() == 0
    assert Comment.objects.filter(announced_at=None, state="published").count() == 0


def told() -> list[object]:
    """The whole of the demo, without what may differ: keys and times."""
    return [
        list(User.objects.order_by("pk").values_list("email", "name")),
        list(Post.objects.order_by("pk").values_list("author__email", "title", "likes_count", "comments_count")),
        list(Comment.objects.order_by("pk").values_list("author__email", "text", "likes_count", "created_at")),
        list(TutorialProgress.objects.order_by("pk").values_list("user__email", "fraction", "completed_at")),
        list(SubscriptionTransition.objects.order_by("pk").values_list("subscription__user__email", "name", "at")),
        User.objects.aggregate(first=Min("date_joined")),
        list(figures_of("site", "source").values_list("day", "key", "events", "visitors", "seconds")),
    ]


def figures_of(*dimensions: str) -> QuerySet[DailyCount]:
    """Of everybody."""
    return DailyCount.objects.filter(dimension__in=dimensions, segment=0).order_by("day", "dimension", "key")


def test_the_same_present_gives_the_same_demo(seeded: datetime) -> None:
    story = told()
    with transaction.atomic(), time_machine.travel(seeded, tick=False):
        forget_everything()
        assert seed_demo()
        assert told() == story
        transaction.set_rollback(True)


def forget_everything() -> None:
    apps_of_demo = {"accounts", "account", "tutorials", "community", "billing", "analytics"}
    kept = {"billing_plan", "billing_price"}
    tables = {model._meta.db_table for model in apps.get_models() if model._meta.app_label in apps_of_demo}
    managed = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {', '.join(sorted((tables & managed) - kept))} CASCADE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
