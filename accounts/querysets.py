"""Every read of people, sessions and keys that has a name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from common.remembering import forget

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AnonymousUser

    # Some are named in strings only, where the linter does not look.
    from accounts.models import (  # noqa: F401
        ApiKey,
        BrowserSession,
        DataExport,
        FormerHandle,
        LoginHistory,
        Profile,
        Session,
        User,
    )

# The use of an API key is written down at most so often.
NOTED_EVERY = timedelta(minutes=1)

# The newest first; ids grow with time.
PEOPLE_NEWEST_FIRST = ("-id",)
API_KEYS_NEWEST_FIRST = ("-created_at", "-id")
SESSIONS_LATEST_FIRST = ("-last_seen_at", "-id")
HISTORY_NEWEST_FIRST = ("-at", "-id")


# What upper apps want to know of whoever makes a request, without a query of its own: the name of an attribute that the
# user gets, and from the path of the user's key in another query the condition that finds it.
ASKED_ALONG: dict[str, Callable[[str], Exists]] = {}


def ask_along(name: str, find: Callable[[str], Exists]) -> None:
    """Have a fact about people found by the query that finds a session with its person; they get it as `name`.

    Call it when an app is ready.
    """
    ASKED_ALONG[name] = find


def asked_along(user: str) -> dict[str, Exists]:
    return {name: find(user) for name, find in ASKED_ALONG.items()}


def hand_over(row: Any, user: User) -> None:
    """Give a person what was found of them along with the row of their session."""
    user.is_confirmed = row.is_confirmed
    for name in ASKED_ALONG:
        setattr(user, name, getattr(row, name))


def name_in_cache(prefix: str) -> str:
    """Under which an API key is remembered."""
    return f"api-key:{prefix}"


class UserQuerySet(QuerySet["User"]):
    def due_for_erasure(self) -> UserQuerySet:
        """People whose days for thinking again are over, who waited longest first."""
        return self.filter(erase_after__lte=timezone.now()).order_by("erase_after", "pk")

    def administrators(self) -> UserQuerySet:
        """Those who can give others their rights: neither banned nor about to be erased."""
        holders = self.model._default_manager.filter(Q(groups__name="administrator") | Q(is_superuser=True))
        return self.filter(pk__in=holders.values("pk"), is_active=True, erase_after__isnull=True)

    def search(self, words: str) -> UserQuerySet:
        """People with this text in their address, their names or their handle."""
        return self.filter(
            Q(email__icontains=words)
            | Q(name__icontains=words)
            | Q(profile__handle__icontains=words)
            | Q(profile__display_name__icontains=words)
        )

    def with_role(self) -> UserQuerySet:
        """With `held_role`, which says by one query what `User.role` says of one person."""
        from accounts.models import Role, User

        of_person = User.groups.through.objects.filter(user_id=OuterRef("pk"))
        held = (When(Exists(of_person.filter(group__name=role)), then=Value(role.value)) for role in reversed(Role))
        return self.annotate(held_role=Case(*held, default=Value(Role.LEARNER.value)))

    def in_role(self, role: str) -> UserQuerySet:
        return self.with_role().filter(Q(held_role=role))

    def as_rows(self) -> QuerySet[User, dict[str, Any]]:
        """What the list of people shows; of everything that a person has, only that is read."""
        rows: QuerySet[User, dict[str, Any]] = (
            self.with_role()
            .annotate(
                handle=F("profile__handle"),
                display_name=Coalesce(NullIf("profile__display_name", Value("")), NullIf("name", Value("")), "handle"),
            )
            .values(
                *("id", "email", "name", "handle", "display_name", "held_role"),
                *("is_staff", "is_active", "erase_after", "date_joined"),
            )
        )
        return rows


class ProfileQuerySet(QuerySet["Profile"]):
    def public(self) -> ProfileQuerySet:
        """Profiles of people who are here: neither banned nor about to be erased."""
        return self.filter(user__is_active=True, user__erase_after__isnull=True).select_related("user")

    def listed(self) -> ProfileQuerySet:
        """Those of them that engines should list; `Profile.is_listed` says the same of one."""
        return self.public().filter(about_visible_to="everybody").exclude(bio="", links=[])

    def with_roles(self) -> ProfileQuerySet:
        return self.prefetch_related("user__groups")


class FormerHandleQuerySet(QuerySet["FormerHandle"]):
    def kept_from(self, user_id: int | None) -> FormerHandleQuerySet:
        """What others have given up so short a time ago that this person cannot have it."""
        return self.filter(freed_at__gt=timezone.now() - self.model.KEPT).exclude(user_id=user_id)

    def over(self) -> FormerHandleQuerySet:
        """Handles that are not kept for their former owners any more."""
        return self.filter(freed_at__lte=timezone.now() - self.model.KEPT)


class SessionQuerySet(QuerySet["Session"]):
    def alive(self, now: datetime | None = None) -> SessionQuerySet:
        """Sessions that still open doors, with their people."""
        open_now = self.filter(ended_at__isnull=True, expires_at__gt=now or timezone.now(), user__is_active=True)
        return open_now.select_related("user__profile")

    def with_confirmation(self) -> Any:
        """With `is_confirmed`, as User.is_confirmed would find it out by a query of its own."""
        from allauth.account.models import EmailAddress

        own = EmailAddress.objects.filter(user=OuterRef("user"), email=OuterRef("user__email"), verified=True)
        return self.annotate(is_confirmed=Exists(own), **asked_along("user"))

    def as_rows(self) -> QuerySet[Session, dict[str, Any]]:
        """What the list of devices shows."""
        return self.values("id", "door", "device", "address", "created_at", "last_seen_at", "expires_at")

    def end(self, reason: str) -> int:
        """End these for good, tokens included; returns how many were alive. `reason` is an EndReason."""
        return self.filter(ended_at__isnull=True).update(ended_at=timezone.now(), end_reason=reason)


class BrowserSessionQuerySet(QuerySet["BrowserSession"]):
    def alive(self, now: datetime) -> BrowserSessionQuerySet:
        return self.filter(expire_date__gt=now)

    def with_device(self) -> Any:
        """With the signed-in device and its person, and `is_confirmed` as SessionQuerySet.with_confirmation has it."""
        from allauth.account.models import EmailAddress

        own = EmailAddress.objects.filter(
            user=OuterRef("device__user"), email=OuterRef("device__user__email"), verified=True
        )
        along = asked_along("device__user")
        return self.select_related("device__user__profile").annotate(is_confirmed=Exists(own), **along)


class ApiKeyQuerySet(QuerySet["ApiKey"]):
    def alive(self) -> ApiKeyQuerySet:
        """Keys that open doors, with their people; ApiKey.why_dead says the same of one."""
        in_time = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        here = Q(user__is_active=True, user__erase_after__isnull=True)
        return self.filter(in_time, here, revoked_at__isnull=True).select_related("user")

    def over(self) -> ApiKeyQuerySet:
        """Keys that will never open a door again."""
        return self.filter(Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now()))

    def with_replaced(self) -> ApiKeyQuerySet:
        """With `replaced`: whether the key has been exchanged for another."""
        return self.annotate(replaced=Exists(self.model.objects.filter(replaces=OuterRef("pk"))))

    def as_rows(self) -> QuerySet[ApiKey, dict[str, Any]]:
        """What the list of keys shows."""
        return self.values(
            *("id", "name", "prefix", "scopes", "rate", "created_at", "expires_at", "last_used_at", "revoked_at"),
            "replaces_id",
        )

    def use(self, *, prefix: str, hashed: bytes) -> ApiKey | None:
        """The key with this prefix, alive or not, with its person; if it is alive and has this hash, its use is noted.

        Both in one statement, since this stands before whatever a program asks for, and noted at
        most once a minute. Nobody waits for a row that somebody else is changing: then it is
        noted the next time. The person comes without the hash of the password, as this is what
        is kept in the cache.
        """
        now = timezone.now()
        not_lately = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - NOTED_EVERY)
        which, values = self.alive().filter(not_lately, prefix=prefix, hash=hashed).values("pk").query.sql_with_params()
        table = self.model._meta.db_table
        note = (
            f"WITH noted AS (UPDATE {table} SET last_used_at = %s"  # noqa: S608 - all of it is ours
            f" WHERE id IN ({which} FOR NO KEY UPDATE OF {table} SKIP LOCKED)) "
        )

        def noting(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
            return execute(note + sql, (now, *values, *params), many, context)

        with connections[self.db].execute_wrapper(noting):
            return self.filter(prefix=prefix).select_related("user").defer("user__password").first()

    def revoke(self) -> int:
        """End these for good and at once; returns how many had not been revoked."""
        prefixes = list(self.filter(revoked_at__isnull=True).values_list("prefix", flat=True))
        to_end = self.model.objects.filter(prefix__in=prefixes, revoked_at__isnull=True)
        ended = to_end.update(revoked_at=timezone.now())
        forget(*map(name_in_cache, prefixes))
        return ended

    def forget(self) -> None:
        """Have these read anew at their next use: they or their people have changed."""
        open_still = self.filter(revoked_at__isnull=True)
        forget(*map(name_in_cache, open_still.values_list("prefix", flat=True)))


class LoginHistoryQuerySet(QuerySet["LoginHistory"]):
    def by_people(self) -> LoginHistoryQuerySet:
        """Without the renewals that programs make every quarter of an hour."""
        from accounts.models.history import Event

        return self.exclude(event=Event.REFRESH)

    def as_rows(self) -> QuerySet[LoginHistory, dict[str, Any]]:
        """What the list of the login history shows; the id is for paging."""
        return self.values("id", "at", "event", "door", "device", "address", "reason")


class DataExportQuerySet(QuerySet["DataExport"]):
    def kept_of(self, user: User | AnonymousUser) -> DataExportQuerySet:
        """Somebody's own, newest first: those in the making, and those whose file is still there."""
        fresh = Q(made_at__isnull=True) | Q(made_at__gt=timezone.now() - self.model.KEPT)
        return self.filter(fresh, user_id=user.pk).order_by("-asked_at")

    def ready_for(self, user: User | AnonymousUser) -> DataExportQuerySet:
        """Those that somebody can download."""
        return self.kept_of(user).filter(made_at__isnull=False)
