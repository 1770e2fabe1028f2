"""What was told long ago goes; what somebody may still want to read, or a worker to send, stays."""

from __future__ import annotations

import io
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from community import unread
from community.models import Kind, Mailing, Notification
from community.services import forgetting, notifying
from tests.community.members import make_post


def told(user: User, *, days_ago: int, read: bool) -> int:
    post = make_post()
    notifying.notify(user=user, kind=Kind.MENTION, actor=post.author, post=post)
    row = Notification.objects.of(user).latest("id")
    at = timezone.now() - timedelta(days=days_ago)
    Notification.objects.filter(pk=row.pk).update(at=at, read_at=at if read else None)
    return row.pk


def mailed(user: User, *, days_ago: int, **settled: object) -> int:
    made_at = timezone.now() - timedelta(days=days_ago)
    return Mailing.objects.create(user=user, message_id=f"<{days_ago}{settled}>", made_at=made_at, **settled).pk


def test_only_what_is_old_is_forgotten(learner: User) -> None:
    now = timezone.now()
    stays = {told(learner, days_ago=89, read=True), told(learner, days_ago=364, read=False)}
    late = told(learner, days_ago=300, read=True)
    Notification.objects.filter(pk=late).update(read_at=now)
    stays.add(late)
    goes = {told(learner, days_ago=91, read=True), told(learner, days_ago=366, read=False)}
    assert unread.unread_count(learner) == 2
    mails_stay = {mailed(learner, days_ago=89, sent_at=now), mailed(learner, days_ago=400, handed_over_at=now)}
    mails_go = {mailed(learner, days_ago=91, sent_at=now), mailed(learner, days_ago=91, given_up_at=now)}
    Notification.objects.filter(pk__in=stays).update(mailing=min(mails_go))
    assert forgetting.forget(at_once=1) == (2, 2)
    assert goes.isdisjoint(Notification.objects.values_list("pk", flat=True))
    assert set(Notification.objects.of(learner).values_list("pk", flat=True)) == stays
    assert unread.unread_count(learner) == 1
    assert set(Mailing.objects.values_list("pk", flat=True)) == mails_stay


def test_forgetting_again_forgets_nothing(learner: User) -> None:
    told(learner, days_ago=400, read=False)
    for said in ("1 notifications and 0 mails forgotten.\n", "0 notifications and 0 mails forgotten.\n"):
        out = io.StringIO()
        call_command("forget_notifications", stdout=out)
        assert out.getvalue() == said
