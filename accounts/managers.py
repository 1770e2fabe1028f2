"""How people are made and found."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.querysets import UserQuerySet

if TYPE_CHECKING:
    from accounts.models import Profile, User

# Room for a hyphen and four digits in the thirty characters of a handle.
LONGEST_STEM = 25
SECOND_TRIES = 5


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def all(self) -> UserQuerySet:
        """Everybody, with the reads of the query set; the type checker would not see them otherwise."""
        return self.get_queryset()

    @transaction.atomic
    def create_user(self, email: str, password: str | None = None, *, role: str = "learner", **fields: Any) -> User:
        """Make a person with a profile and a role; without a password they cannot sign in with one.

        Raises ValidationError if the address is malformed or taken, also if somebody else takes
        it at the same moment.
        """
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.full_clean()
        try:
            with transaction.atomic():
                user.save(using=self._db)
        except IntegrityError:
            # Somebody was quicker after the check; repeated, it finds them and says so in its words.
            user.full_clean()
            raise
        if role != "learner":
            user.groups.set([Group.objects.get_or_create(name=role)[0]])
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make an administrator; `manage.py createsuperuser` calls this."""
        from allauth.account.models import EmailAddress

        user = self.create_user(
            email, password, role="administrator", **fields | {"is_staff": True, "is_superuser": True}
        )
        # Whoever may run commands on the server vouches for the address.
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user

    def furnish(self, user: User) -> Profile:
        """Give a new person what everybody has: the first role and a profile with a free handle."""
        from accounts.models import Profile

        user.groups.add(Group.objects.get_or_create(name="learner")[0])
        for handle in self.handles_for(user.name):
            profile = Profile(user=user, handle=handle)
            try:
                with transaction.atomic():
                    profile.full_clean(exclude=["user"])
                    profile.save(force_insert=True)
            except (IntegrityError, ValidationError):
                continue  # taken or kept for the platform
            return profile
        raise RuntimeError("no free handle was found")

    def furnish_bare(self, user: User) -> None:
        """Furnish somebody who has no profile."""
        from accounts.models import Profile

        if not Profile.objects.filter(user_id=user.pk).exists():
            self.furnish(user)

    @staticmethod
    def handles_for(name: str) -> Iterator[str]:
        """Handles to try, the plainest first; the last are long enough to be free."""
        stem = slugify(name)[:LONGEST_STEM].strip("-").replace("--", "-").replace("_", "")
        if len(stem) > 1:
            yield stem
        stem = stem if len(stem) > 1 else "member"
        for _ in range(SECOND_TRIES):
            yield f"{stem}-{secrets.randbelow(9000) + 1000}"
        yield f"member-{secrets.token_hex(8)}"

    def get_by_natural_key(self, username: str | None) -> User:
        """Sign-in finds the person whatever the case of the address."""
        return self.get(email=self.normalize_email(username))

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Addresses are kept in lower case and without blanks around them.

        Only ASCII is lowered: the Kelvin sign would become a "k" and pass for somebody else's.
        """
        return "".join(letter.lower() if letter.isascii() else letter for letter in (email or "").strip())
