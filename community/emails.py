"""Mails to people about what happened in the community."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from common import mail
from common.addresses import absolute
from community.models import Kind
from community.unsubscribing import make_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from community.models import Mailing
    from community.notices import Notice

# Named one by one in a mail; of more, how many they are.
MOST_NAMED = 30


def about_notifications(mailing: Mailing, notices: Sequence[Notice]) -> EmailMultiAlternatives:
    """One mail that tells of these, ready to be sent; there is at least one.

    Whoever wants no more of it is one click away (RFC 8058), also at the foot.
    """
    kinds = {notice.kind for notice in notices}
    unsubscribe_url = absolute(reverse("community:unsubscribe", args=[make_token(mailing.user, kinds)]))
    context = {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "user": mailing.user,
        "things": [{"notice": notice, "url": absolute(notice.address)} for notice in notices[:MOST_NAMED]],
        "count": len(notices),
        "more": max(0, len(notices) - MOST_NAMED),
        "url": absolute(reverse("community:notifications")),
        "unsubscribe_url": unsubscribe_url,
        "settings_url": absolute(reverse("community:notification_settings")),
        "stops": [Kind(kind).label for kind in Kind if kind in kinds],
    }
    headers = {
        "Message-ID": mailing.message_id,
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    subject = mail.render_part("emails/notifications.subject.txt", context, autoescape=False)
    return EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=mail.render_part("emails/notifications.txt", context, autoescape=False),
        to=[mailing.user.email],
        headers=mail.standard_headers() | headers,
        alternatives=[(mail.render_part("emails/notifications.html", context, autoescape=True), "text/html")],
    )
