"""Every address says who may use it: a new route without a line in this table fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import signing
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import ApiKey, DataExport, Session, User
from accounts.services import addresses
from billing.models import Invitation
from community.models import Case, Draft, Kind, PostImage, StaffAction
from community.services import notifying
from community.unsubscribing import make_token
from tests.billing.organisations import make_invitation, make_organisation
from tests.community.members import make_category, make_comment, make_post
from tests.factories import TOTP_SECRET, make_tutorial, make_user
from tests.tutorials.learners import make_achievement, make_certificate, make_quiz_tutorial, make_track
from tutorials.models import TutorialImage
from tutorials.services import writing

VISITOR, LEARNER, STRANGER, AUTHOR, MODERATOR, ADMINISTRATOR = ROLES = (
    "visitor",
    "learner",
    "stranger",
    "author",
    "moderator",
    "administrator",
)
PUBLIC = frozenset(ROLES)
MEMBERS = PUBLIC - {VISITOR}
SIGNED_OUT = frozenset({VISITOR})
# What is asked for belongs to the learner; the stranger is another learner.
OWNER = frozenset({LEARNER})
STAFF = frozenset({AUTHOR, MODERATOR, ADMINISTRATOR})
WRITERS = frozenset({AUTHOR, ADMINISTRATOR})
SEES_PEOPLE = frozenset({MODERATOR, ADMINISTRATOR})
MODERATORS = frozenset({MODERATOR, ADMINISTRATOR})
SEES_FIGURES = frozenset({ADMINISTRATOR})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """Who gets in, and with what method; `path` fills the route's placeholders."""

    who: frozenset[str]
    method: str = "get"
    path: dict[str, str] | None = None


# Route → who gets in. `admin/` stands for all that Django's admin makes itself.
TABLE = {
    "": Rule(PUBLIC),
    "tutorials/": Rule(PUBLIC),
    "tutorials/feed.atom": Rule(PUBLIC),
    "tutorials/<slug:slug>.md": Rule(PUBLIC, path={"<slug:slug>": "open"}),
    "sitemap.xml": Rule(PUBLIC),
    "sitemap-<slug:section>.xml": Rule(PUBLIC, path={"<slug:section>": "tutorials"}),
    "robots.txt": Rule(PUBLIC),
    "llms.txt": Rule(PUBLIC),
    "tutorials/<slug:slug>/": Rule(PUBLIC, path={"<slug:slug>": "open"}),
    "tutorials/<slug:slug>/progress/": Rule(MEMBERS, "post", {"<slug:slug>": "open"}),
    "tutorials/<slug:slug>/quiz/": Rule(MEMBERS, path={"<slug:slug>": "asked"}),
    "tutorials/<slug:slug>/bookmark/": Rule(MEMBERS, "post", {"<slug:slug>": "open"}),
    "tutorials/<slug:slug>/bookmark/remove/": Rule(MEMBERS, "post", {"<slug:slug>": "open"}),
    "tutorials/<slug:slug>/images/<path:name>": Rule(
        PUBLIC, path={"<slug:slug>": "open", "<path:name>": "images/one.png"}
    ),
    "tracks/": Rule(PUBLIC),
    "tutorials/<slug:slug>/card.png": Rule(PUBLIC, path={"<slug:slug>": "open"}),
    "tracks/<slug:slug>/card.png": Rule(PUBLIC, path={"<slug:slug>": "open-track"}),
    "certificates/<uuid:pk>/card.png": Rule(PUBLIC, path={"<uuid:pk>": "{certificate}"}),
    "tracks/<slug:slug>/": Rule(PUBLIC, path={"<slug:slug>": "open-track"}),
    "learning/": Rule(MEMBERS),
    "learning/finished/": Rule(MEMBERS),
    "learning/bookmarks/": Rule(MEMBERS),
    "learning/<int:number>/": Rule(MEMBERS, path={"<int:number>": str(timezone.now().year)}),
    "learning/goal/": Rule(MEMBERS, "post"),
    "achievements/<slug:code>.svg": Rule(PUBLIC, path={"<slug:code>": "first"}),
    "certificates/<uuid:pk>/": Rule(PUBLIC, path={"<uuid:pk>": "{certificate}"}),
    "certificates/<uuid:pk>/name/": Rule(OWNER, "post", {"<uuid:pk>": "{certificate}"}),
    "u/<slug:handle>/": Rule(PUBLIC, path={"<slug:handle>": "lea-learner"}),
    "u/<slug:handle>/picture": Rule(PUBLIC, path={"<slug:handle>": "lea-learner"}),
    "settings/profile/": Rule(MEMBERS),
    "settings/profile/picture/": Rule(MEMBERS, "post"),
    "settings/profile/picture/remove/": Rule(MEMBERS, "post"),
    "settings/sessions/": Rule(MEMBERS),
    "settings/sessions/<uuid:session_id>/end/": Rule(OWNER, "post", {"<uuid:session_id>": "{session}"}),
    "settings/sessions/end-others/": Rule(MEMBERS, "post"),
    "settings/email/<str:token>/": Rule(PUBLIC, path={"<str:token>": "{change}"}),
    "settings/history/": Rule(MEMBERS),
    "settings/api-keys/": Rule(MEMBERS),
    "settings/api-keys/<int:key_id>/revoke/": Rule(OWNER, "post", {"<int:key_id>": "{api_key}"}),
    "settings/api-keys/<int:key_id>/rotate/": Rule(OWNER, "post", {"<int:key_id>": "{api_key}"}),
    "settings/data/": Rule(MEMBERS),
    "settings/data/exports/": Rule(MEMBERS, "post"),
    "settings/data/exports/<uuid:pk>/": Rule(OWNER, path={"<uuid:pk>": "{export}"}),
    "settings/data/erasure/": Rule(MEMBERS, "post"),
    "settings/data/erasure/cancel/": Rule(MEMBERS, "post"),
    "community/": Rule(PUBLIC),
    "community/new/": Rule(MEMBERS),
    "community/preview/": Rule(MEMBERS, "post"),
    "community/drafts/": Rule(MEMBERS),
    "community/drafts/save/": Rule(MEMBERS, "post"),
    "community/drafts/<int:pk>/discard/": Rule(OWNER, "post", {"<int:pk>": "{draft}"}),
    "community/posts/<int:pk>/": Rule(PUBLIC, path={"<int:pk>": "{post}"}),
    "community/posts/<int:pk>/<slug:slug>/": Rule(PUBLIC, path={"<int:pk>": "{post}", "<slug:slug>": "title"}),
    "community/posts/<int:pk>/edit/": Rule(OWNER, path={"<int:pk>": "{post}"}),
    "community/posts/<int:pk>/delete/": Rule(OWNER, path={"<int:pk>": "{post}"}),
    "community/posts/<int:pk>/history/": Rule(PUBLIC, path={"<int:pk>": "{post}"}),
    "community/posts/<int:pk>/like/": Rule(MEMBERS - OWNER, "post", {"<int:pk>": "{post}"}),
    "community/posts/<int:pk>/comment/": Rule(MEMBERS, "post", {"<int:pk>": "{post}"}),
    "community/posts/<int:pk>/accepted-answer/": Rule(
        frozenset({LEARNER, MODERATOR, ADMINISTRATOR}), "post", {"<int:pk>": "{post}"}
    ),
    "community/comments/<int:pk>/": Rule(PUBLIC, path={"<int:pk>": "{comment}"}),
    "community/comments/<int:pk>/reply/": Rule(MEMBERS, path={"<int:pk>": "{comment}"}),
    "community/comments/<int:pk>/edit/": Rule(OWNER, path={"<int:pk>": "{comment}"}),
    "community/comments/<int:pk>/delete/": Rule(OWNER, path={"<int:pk>": "{comment}"}),
    "community/comments/<int:pk>/history/": Rule(PUBLIC, path={"<int:pk>": "{comment}"}),
    "community/comments/<int:pk>/like/": Rule(MEMBERS - OWNER, "post", {"<int:pk>": "{comment}"}),
    "community/posts/<int:pk>/report/": Rule(MEMBERS, path={"<int:pk>": "{post}"}),
    "community/comments/<int:pk>/report/": Rule(MEMBERS, path={"<int:pk>": "{comment}"}),
    "community/posts/<int:pk>/moderate/": Rule(MODERATORS, path={"<int:pk>": "{post}"}),
    "community/comments/<int:pk>/moderate/": Rule(MODERATORS, path={"<int:pk>": "{comment}"}),
    "community/moderation/": Rule(MODERATORS),
    "community/moderation/cases/<int:pk>/": Rule(MODERATORS, path={"<int:pk>": "{case}"}),
    "community/moderation/people/<slug:handle>/": Rule(MODERATORS, path={"<slug:handle>": "lea-learner"}),
    "community/moderation/log/": Rule(MODERATORS),
    "community/moderation/log/<int:pk>/undo/": Rule(MODERATORS, path={"<int:pk>": "{staff_action}"}),
    "api/posts/<int:pk>": Rule(PUBLIC, path={"<int:pk>": "{post}"}),
    "api/posts/<int:pk>/revisions": Rule(PUBLIC, path={"<int:pk>": "{post}"}),
    "api/posts/<int:pk>/like": Rule(MEMBERS - OWNER, "put", {"<int:pk>": "{post}"}),
    "api/posts/<int:pk>/comments": Rule(PUBLIC, path={"<int:pk>": "{post}"}),
    "api/posts/<int:pk>/accepted-answer": Rule(
        frozenset({LEARNER, MODERATOR, ADMINISTRATOR}), "delete", {"<int:pk>": "{post}"}
    ),
    "api/comments/<int:pk>": Rule(PUBLIC, path={"<int:pk>": "{comment}"}),
    "api/comments/<int:pk>/revisions": Rule(PUBLIC, path={"<int:pk>": "{comment}"}),
    "api/comments/<int:pk>/like": Rule(MEMBERS - OWNER, "put", {"<int:pk>": "{comment}"}),
    "api/drafts": Rule(MEMBERS),
    "api/drafts/<slug:place>": Rule(MEMBERS, "delete", {"<slug:place>": "post"}),
    "api/posts/<int:pk>/reports": Rule(MEMBERS, "post", {"<int:pk>": "{post}"}),
    "api/posts/<int:pk>/lock": Rule(MODERATORS, "put", {"<int:pk>": "{post}"}),
    "api/posts/<int:pk>/pin": Rule(MODERATORS, "put", {"<int:pk>": "{post}"}),
    "api/posts/<int:pk>/hidden": Rule(MODERATORS, "put", {"<int:pk>": "{post}"}),
    "api/posts/<int:pk>/category": Rule(MODERATORS, "put", {"<int:pk>": "{post}"}),
    "api/comments/<int:pk>/reports": Rule(MEMBERS, "post", {"<int:pk>": "{comment}"}),
    "api/comments/<int:pk>/hidden": Rule(MODERATORS, "put", {"<int:pk>": "{comment}"}),
    "api/moderation/cases": Rule(MODERATORS),
    "api/moderation/cases/<int:pk>/decision": Rule(MODERATORS, "put", {"<int:pk>": "{case}"}),
    "api/users/<int:user_id>/silence": Rule(MODERATORS, "put", {"<int:user_id>": "{learner}"}),
    "api/users/<int:user_id>/ban": Rule(MODERATORS, "put", {"<int:user_id>": "{learner}"}),
    "community/c/<slug:slug>/": Rule(PUBLIC, path={"<slug:slug>": "prompting"}),
    "community/tags/<slug:tag>/": Rule(PUBLIC, path={"<slug:tag>": "prompting"}),
    "api/posts": Rule(PUBLIC),
    "api/categories": Rule(PUBLIC),
    "community/images/": Rule(MEMBERS),
    # Seen by who can read a text that shows it; this one is shown by none yet, so by its owner and by moderators.
    "community/images/<str:name>": Rule(frozenset({LEARNER, MODERATOR, ADMINISTRATOR}), path={"<str:name>": "{image}"}),
    "community/images/<str:name>/remove/": Rule(OWNER, "post", {"<str:name>": "{image}"}),
    "api/posts/images": Rule(MEMBERS),
    "api/posts/images/<str:name>": Rule(OWNER, "delete", {"<str:name>": "{image}"}),
    "community/following/": Rule(MEMBERS),
    "community/following/<int:pk>/remove/": Rule(MEMBERS, "post", {"<int:pk>": "1"}),
    "community/posts/<int:pk>/watch/": Rule(MEMBERS, "post", {"<int:pk>": "{post}"}),
    "community/categories/<slug:slug>/watch/": Rule(MEMBERS, "post", {"<slug:slug>": "prompting"}),
    "community/tags/<slug:tag>/watch/": Rule(MEMBERS, "post", {"<slug:tag>": "prompting"}),
    "community/people/<slug:handle>/watch/": Rule(MEMBERS, "post", {"<slug:handle>": "lea-learner"}),
    "search/": Rule(PUBLIC),
    "community/similar/": Rule(PUBLIC),
    "community/feed.atom": Rule(PUBLIC),
    "community/c/<slug:slug>/feed.atom": Rule(PUBLIC, path={"<slug:slug>": "prompting"}),
    "community/tags/<slug:tag>/feed.atom": Rule(PUBLIC, path={"<slug:tag>": "prompting"}),
    "community/posts/<int:pk>/feed.atom": Rule(PUBLIC, path={"<int:pk>": "{post}"}),
    "api/posts/similar": Rule(PUBLIC),
    "notifications/": Rule(MEMBERS),
    "notifications/read/": Rule(MEMBERS, "post"),
    "notifications/<int:pk>/": Rule(OWNER, path={"<int:pk>": "{notification}"}),
    "notifications/<int:pk>/read/": Rule(OWNER, "post", {"<int:pk>": "{notification}"}),
    "notifications/unsubscribe/<str:token>/": Rule(PUBLIC, path={"<str:token>": "{unsubscribe}"}),
    "settings/notifications/": Rule(MEMBERS),
    "api/posts/<int:pk>/watch": Rule(MEMBERS, "put", {"<int:pk>": "{post}"}),
    "api/categories/<slug:slug>/watch": Rule(MEMBERS, "put", {"<slug:slug>": "prompting"}),
    "api/tags/<str:tag>/watch": Rule(MEMBERS, "put", {"<str:tag>": "prompting"}),
    "api/users/<int:user_id>/watch": Rule(MEMBERS, "put", {"<int:user_id>": "{learner}"}),
    "api/watches": Rule(MEMBERS),
    "api/notifications": Rule(MEMBERS),
    "api/notifications/read": Rule(MEMBERS, "put"),
    "api/notifications/<int:pk>/read": Rule(OWNER, "put", {"<int:pk>": "{notification}"}),
    "api/notification-settings": Rule(MEMBERS),
    "pricing/": Rule(PUBLIC),
    "billing/": Rule(MEMBERS),
    "billing/invoices/": Rule(MEMBERS),
    "billing/checkout/": Rule(MEMBERS, "post"),
    "billing/checkout/return/": Rule(MEMBERS),
    "billing/checkout/cancelled/": Rule(MEMBERS),
    "billing/checkout/check/": Rule(MEMBERS, "post"),
    "billing/change/": Rule(MEMBERS),
    "billing/cancel/": Rule(MEMBERS),
    "billing/pause/": Rule(MEMBERS, "post"),
    "billing/resume/": Rule(MEMBERS, "post"),
    "billing/portal/": Rule(MEMBERS, "post"),
    "billing/enterprise/": Rule(PUBLIC),
    # Providers only, who sign what they send; here is none set up.
    "webhooks/<provider:provider>": Rule(NOBODY, "post", {"<provider:provider>": "stripe"}),
    "api/subscription": Rule(MEMBERS),
    "api/subscription/preview": Rule(MEMBERS, "post"),
    "api/subscription/pause": Rule(MEMBERS, "put"),
    "api/subscription/invoices": Rule(MEMBERS),
    "billing/organisations/": Rule(MEMBERS),
    "billing/organisations/<slug:slug>/": Rule(OWNER, path={"<slug:slug>": "company"}),
    "billing/organisations/<slug:slug>/leave/": Rule(OWNER, path={"<slug:slug>": "company"}),
    "billing/organisations/<slug:slug>/invited/": Rule(OWNER, path={"<slug:slug>": "company"}),
    "billing/organisations/<slug:slug>/invitations/": Rule(OWNER, "post", {"<slug:slug>": "company"}),
    "billing/organisations/<slug:slug>/invitations/<int:pk>/resend/": Rule(
        OWNER, "post", {"<slug:slug>": "company", "<int:pk>": "{invitation}"}
    ),
    "billing/organisations/<slug:slug>/invitations/<int:pk>/revoke/": Rule(
        OWNER, "post", {"<slug:slug>": "company", "<int:pk>": "{invitation}"}
    ),
    "billing/organisations/<slug:slug>/members/<int:pk>/": Rule(
        OWNER, path={"<slug:slug>": "company", "<int:pk>": "{membership}"}
    ),
    "billing/organisations/<slug:slug>/members/<int:pk>/seat/": Rule(
        OWNER, "post", {"<slug:slug>": "company", "<int:pk>": "{membership}"}
    ),
    "billing/organisations/<slug:slug>/members/<int:pk>/seat/give-back/": Rule(
        OWNER, "post", {"<slug:slug>": "company", "<int:pk>": "{membership}"}
    ),
    "billing/organisations/<slug:slug>/members/<int:pk>/ownership/": Rule(
        OWNER, "post", {"<slug:slug>": "company", "<int:pk>": "{membership}"}
    ),
    "billing/organisations/<slug:slug>/members/<int:pk>/remove/": Rule(
        OWNER, path={"<slug:slug>": "company", "<int:pk>": "{membership}"}
    ),
    # For who has followed a link before.
    "billing/invitations/": Rule(NOBODY),
    # Whoever holds the link reads it; only one may accept.
    "billing/invitations/<str:token>/": Rule(PUBLIC, path={"<str:token>": "invitation-token"}),
    "api/organisations": Rule(MEMBERS),
    "api/organisations/<slug:slug>/members": Rule(OWNER, path={"<slug:slug>": "company"}),
    "api/organisations/<slug:slug>/members/<int:pk>": Rule(
        OWNER, "patch", {"<slug:slug>": "company", "<int:pk>": "{membership}"}
    ),
    "api/organisations/<slug:slug>/members/<int:pk>/seat": Rule(
        OWNER, "put", {"<slug:slug>": "company", "<int:pk>": "{membership}"}
    ),
    "api/organisations/<slug:slug>/invitations": Rule(OWNER, path={"<slug:slug>": "company"}),
    "api/organisations/<slug:slug>/invitations/<int:pk>": Rule(
        OWNER, "delete", {"<slug:slug>": "company", "<int:pk>": "{invitation}"}
    ),
    "api/tutorials": Rule(PUBLIC),
    "api/tutorials/<slug:slug>": Rule(PUBLIC, path={"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/progress": Rule(MEMBERS, path={"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/quiz": Rule(MEMBERS, path={"<slug:slug>": "asked"}),
    "api/tutorials/<slug:slug>/quiz/attempts": Rule(MEMBERS, path={"<slug:slug>": "asked"}),
    "api/tutorials/<slug:slug>/bookmark": Rule(MEMBERS, "put", {"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/bookmarks/<slug:block>": Rule(
        MEMBERS, "put", {"<slug:slug>": "open", "<slug:block>": "first-steps"}
    ),
    "api/tutorials/<slug:slug>/review": Rule(WRITERS, "put", {"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/review/notes": Rule(WRITERS, path={"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/publication": Rule(WRITERS, "put", {"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/archive": Rule(WRITERS, "put", {"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/images": Rule(WRITERS, path={"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/images/<path:name>": Rule(
        WRITERS, "put", {"<slug:slug>": "open", "<path:name>": "images/one.png"}
    ),
    "api/tutorials/<slug:slug>/versions": Rule(WRITERS, path={"<slug:slug>": "open"}),
    "api/tutorials/<slug:slug>/versions/<int:number>": Rule(WRITERS, path={"<slug:slug>": "open", "<int:number>": "1"}),
    "api/tutorials/<slug:slug>/versions/<int:number>/restoration": Rule(
        WRITERS, "put", {"<slug:slug>": "open", "<int:number>": "1"}
    ),
    "api/topics": Rule(PUBLIC),
    "api/tracks": Rule(PUBLIC),
    "api/tracks/<slug:slug>": Rule(PUBLIC, path={"<slug:slug>": "open-track"}),
    "api/bookmarks": Rule(MEMBERS),
    "api/achievements": Rule(PUBLIC),
    "api/users/me/achievements": Rule(MEMBERS),
    # Shown to members, unless somebody chose otherwise.
    "api/users/<int:user_id>/achievements": Rule(MEMBERS, path={"<int:user_id>": "{learner}"}),
    "api/users/me/certificates": Rule(MEMBERS),
    "api/users/<int:user_id>/certificates": Rule(MEMBERS, path={"<int:user_id>": "{learner}"}),
    "api/certificates/<uuid:pk>": Rule(PUBLIC, path={"<uuid:pk>": "{certificate}"}),
    "api/auth/signup": Rule(PUBLIC, "post"),
    "api/auth/login": Rule(PUBLIC, "post"),
    # Whoever holds a refresh token; signed in or not plays no part.
    "api/auth/refresh": Rule(NOBODY, "post"),
    "api/auth/logout": Rule(NOBODY, "post"),
    "api/users": Rule(SEES_PEOPLE),
    "api/users/me": Rule(MEMBERS),
    "api/users/<int:user_id>": Rule(PUBLIC, path={"<int:user_id>": "{learner}"}),
    "api/users/me/sessions": Rule(MEMBERS),
    "api/users/me/sessions/<uuid:session_id>": Rule(OWNER, "delete", {"<uuid:session_id>": "{session}"}),
    "api/users/me/login-history": Rule(MEMBERS),
    "api/users/me/export": Rule(MEMBERS, "post"),
    "api/users/me/api-keys": Rule(MEMBERS),
    "api/users/me/api-keys/<int:key_id>": Rule(OWNER, path={"<int:key_id>": "{api_key}"}),
    "api/users/me/api-keys/<int:key_id>/rotate": Rule(OWNER, "post", {"<int:key_id>": "{api_key}"}),
    # Signing in and what leads to it (django-allauth).
    "accounts/login/": Rule(SIGNED_OUT),
    "accounts/login/code/": Rule(SIGNED_OUT),
    "accounts/login/code/confirm/": Rule(NOBODY),
    "accounts/signup/": Rule(SIGNED_OUT),
    "accounts/logout/": Rule(MEMBERS),
    "accounts/inactive/": Rule(PUBLIC),
    "accounts/confirm-email/": Rule(PUBLIC),
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": Rule(PUBLIC, path={"(?P<key>[-:\\w]+)": "x"}),
    "accounts/password/reset/": Rule(PUBLIC),
    "accounts/password/reset/done/": Rule(PUBLIC),
    "accounts/password/reset/key/done/": Rule(PUBLIC),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": Rule(
        PUBLIC, path={"(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)": "1-x"}
    ),
    # Gives the script of the sign-in page its challenge; others are sent to that page.
    "accounts/2fa/webauthn/login/": Rule(NOBODY),
    "accounts/3rdparty/login/cancelled/": Rule(PUBLIC),
    # Says 401 to whoever asks.
    "accounts/3rdparty/login/error/": Rule(NOBODY),
    # In the middle of signing in only, and nobody here is.
    "accounts/2fa/authenticate/": Rule(NOBODY),
    "accounts/3rdparty/signup/": Rule(NOBODY),
    # Each begins with a form of ours and comes back with an answer of the provider's, which nobody has here.
    "accounts/github/login/": Rule(PUBLIC),
    "accounts/github/login/callback/": Rule(NOBODY),
    "accounts/google/login/": Rule(PUBLIC),
    "accounts/google/login/callback/": Rule(NOBODY),
    "accounts/google/login/token/": Rule(NOBODY, "post"),
    # Cookies count from our own pages only, which say so in headers that this test does not send.
    "api/analytics/events": Rule(NOBODY, "post"),
    "api/analytics/summary": Rule(SEES_FIGURES),
    "api/analytics/series": Rule(SEES_FIGURES),
    "api/schema": Rule(PUBLIC),
    "api/docs": Rule(PUBLIC),
    "api/docs/<slug:group>": Rule(PUBLIC, path={"<slug:group>": "tutorials"}),
    # The settings of one's own account.
    "accounts/email/": Rule(MEMBERS),
    "accounts/password/change/": Rule(MEMBERS),
    "accounts/password/set/": Rule(MEMBERS),
    "accounts/reauthenticate/": Rule(MEMBERS),
    "accounts/3rdparty/": Rule(MEMBERS),
    "accounts/2fa/": Rule(MEMBERS),
    "accounts/2fa/reauthenticate/": Rule(MEMBERS),
    "accounts/2fa/recovery-codes/": Rule(MEMBERS),
    "accounts/2fa/recovery-codes/download/": Rule(MEMBERS),
    "accounts/2fa/recovery-codes/generate/": Rule(MEMBERS),
    "accounts/2fa/totp/activate/": Rule(MEMBERS),
    "accounts/2fa/totp/deactivate/": Rule(MEMBERS),
    "accounts/2fa/webauthn/": Rule(MEMBERS),
    "accounts/2fa/webauthn/add/": Rule(MEMBERS),
    "accounts/2fa/webauthn/reauthenticate/": Rule(MEMBERS),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": Rule(MEMBERS, path={"<int:pk>": "1"}),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": Rule(MEMBERS, path={"<int:pk>": "1"}),
    "admin/": Rule(STAFF),
}
# What Django's admin shows to somebody who has not signed in.
OPEN_IN_ADMIN = {"admin/login/", "admin/jsi18n/"}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def all_routes() -> set[str]:
    return set(routes(get_resolver().url_patterns))


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What is made in here is there for all tests of this file, each of which takes back what it did itself."""
    whole = transaction.atomic()
    # As that around a test: it is none of ours (tests/locks.py).
    whole._from_testcase = True  # type: ignore[attr-defined]  # Django's own mark
    with django_db_blocker.unblock(), whole:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def cast(once: None) -> dict[str, User | None]:
    people = {role: make_user(email=f"{role}@howtoai.example", role=role) for role in STAFF}
    # Addresses name her.
    learner = make_user(email="learner@howtoai.example", name="Lea Learner")
    return {VISITOR: None, LEARNER: learner, STRANGER: make_user(email="stranger@howtoai.example"), **people}


@pytest.fixture(scope="module")
def things(cast: dict[str, User | None]) -> dict[str, str]:
    """Something of the learner's for each placeholder; a second factor with recovery codes for everybody."""
    learner, admin = cast[LEARNER], cast[ADMINISTRATOR]
    assert learner is not None
    assert admin is not None
    for person in cast.values():
        if person is not None:
            if not person.is_staff:
                TOTP.activate(person, TOTP_SECRET)
            RecoveryCodes.activate(person)
    tutorial = make_tutorial("Open")
    writing.record_version(tutorial, None)
    image = TutorialImage(tutorial=tutorial, name="images/one.png", kind="png", width=1, height=1, digest="0" * 64)
    image.file.save("x.png", ContentFile(b"x"))
    make_quiz_tutorial("Asked")
    track = make_track(tutorial, slug="open-track")
    certificate = make_certificate(learner, track)
    make_achievement("streak_days", code="first")
    learner.profile.picture.save("x.webp", ContentFile(b"x"))
    session = Session.objects.create(user=learner, door="api", expires_at=timezone.now() + Session.IDLE)
    key = ApiKey.objects.create(user=learner, name="x", prefix="x", hash=b"x" * 32, scopes=["read"])
    export = DataExport.objects.create(user=learner, made_at=timezone.now())
    export.file.save("x.zip", ContentFile(b"x"))
    post = make_post(author=learner, category=make_category("Prompting"), tags=["prompting"])
    notifying.notify(user=learner, kind=Kind.WATCHED_POST, post=post)
    comment = make_comment(post, author=learner)
    case = Case.objects.create(kind="reported", post=post)
    post_image = PostImage(user=learner, width=1, height=1, size=1, digest="x")
    post_image.file.save("x.webp", ContentFile(b"x"))
    organisation = make_organisation(learner, by=admin, seats=2, name="Company")
    invitation = make_invitation(organisation, by=learner, token_hash=Invitation.hash_of("invitation-token"))
    action = StaffAction.objects.create(deed="lock", reason="x", post=post, before={"locked_at": None})
    return {
        "{notification}": str(learner.notifications.get().pk),
        "{unsubscribe}": make_token(learner, [Kind.MENTION]),
        "{session}": str(session.pk),
        "{api_key}": str(key.pk),
        "{export}": str(export.pk),
        "{learner}": str(learner.pk),
        "{membership}": str(organisation.memberships.get().pk),
        "{invitation}": str(invitation.pk),
        "{post}": str(post.pk),
        "{comment}": str(comment.pk),
        "{draft}": str(Draft.objects.create(user=learner, place="post", body="x").pk),
        "{case}": str(case.pk),
        "{staff_action}": str(action.pk),
        "{image}": post_image.name,
        "{certificate}": str(certificate.pk),
        "{change}": signing.dumps(
            {"user": learner.pk, "email": "other@howtoai.example", "stamp": addresses.stamp(learner)},
            salt=addresses.SALT,
            compress=True,
        ),
    }


def gets_in(response: Any) -> bool:
    """Whether somebody was let through: to an answer, to a form with faults, or on to another page."""
    if response.status_code == 302:
        return response["Location"] != "/" and not response["Location"].startswith("/accounts/login/")
    return response.status_code in (200, 201, 202, 204, 400)


def address_of(route: str, rule: Rule, things: dict[str, str]) -> str:
    for placeholder, value in (rule.path or {}).items():
        route = route.replace(placeholder, things.get(value, value))
    return "/" + route.replace("^", "").replace("$", "")


def test_every_route_is_in_the_table_and_none_is_invented() -> None:
    assert {"admin/" if route.startswith("admin/") else route for route in all_routes()} == set(TABLE)


@pytest.mark.django_db
@pytest.mark.parametrize("route", [route for route in TABLE if route != "admin/"])
def test_those_get_in_whom_the_table_names(cast: dict[str, User | None], things: dict[str, str], route: str) -> None:
    rule = TABLE[route]
    address = address_of(route, rule, things)
    got_in = set()
    # The owner last: what belongs to them is gone then.
    for role in sorted(ROLES, key=lambda role: role == LEARNER):
        client = Client()
        if (person := cast[role]) is not None:
            client.force_login(person)
        as_json = {} if rule.method == "get" else {"data": {}, "content_type": "application/json"}
        response = getattr(client, rule.method)(address, **as_json)
        assert response.status_code < 500, role
        if gets_in(response):
            got_in.add(role)
    assert got_in == rule.who


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted(route for route in all_routes() if route.startswith("admin/")))
def test_the_admin_is_closed_to_whoever_is_no_staff(cast: dict[str, User | None], visitor: Client, route: str) -> None:
    learner = cast[LEARNER]
    assert learner is not None
    address = "/" + route.replace("^", "").replace("$", "")
    for placeholder in ("<path:object_id>", "<int:content_type_id>", "<id>", "<app_label>"):
        address = address.replace(placeholder, "1")
    member = Client()
    member.force_login(learner)
    if route not in OPEN_IN_ADMIN:
        for client in (visitor, member):
            response = client.get(address)
            assert response.status_code in (302, 404), address
            assert response.status_code == 404 or response["Location"].startswith("/a")


@pytest.mark.django_db
def test_the_admin_opens_to_staff(cast: dict[str, User | None]) -> None:
    for role in STAFF:
        client = Client()
        person = cast[role]
        assert person is not None
        client.force_login(person)
        assert client.get("/admin/").status_code == 200
