"""Background work of the community."""

from __future__ import annotations

from celery import shared_task

from accounts.models import User
from common.queueing import answer
from community.services import delivering, telling, trust
from tutorials.services import awarding


@shared_task
def tell_of_post(pk: int) -> None:
    """Tell those whom a post concerns. Twice does no harm."""
    telling.tell_of_post(pk)


@shared_task
def tell_of_comment(pk: int) -> None:
    """Tell those whom a comment concerns. Twice does no harm."""
    telling.tell_of_comment(pk)


@shared_task
def tell_of_likes(bell: int) -> None:
    """Tell of all likes that wait, and give whoever they please what they have earned by them."""
    answer(tell_of_likes, bell)
    for pk in telling.tell_of_likes():
        trust.promote(pk)
        award_member(pk)


@shared_task
def award_member(pk: int) -> None:
    """Give somebody the achievements that they have earned. Twice does no harm."""
    person = User.objects.filter(pk=pk).first()
    if person is not None:
        awarding.award(user=person)


@shared_task
def deliver_mailing(pk: int) -> None:
    """Send a mail about notifications. Twice does no harm: who comes second finds it taken."""
    delivering.deliver(pk)
