"""Background work of the community."""

from __future__ import annotations

from celery import shared_task

from accounts.models import User
from community.services import delivering, telling
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
def award_member(pk: int) -> None:
    """Give somebody the achievements that they have earned. Twice does no harm."""
    person = User.objects.filter(pk=pk).first()
    if person is not None:
        awarding.award(user=person)


@shared_task
def deliver_mailing(pk: int) -> None:
    """Send a mail about notifications. Twice does no harm: who comes second finds it taken."""
    delivering.deliver(pk)
