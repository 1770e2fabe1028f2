"""People and what they show of themselves."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, RegexValidator, URLValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.managers import UserManager
from accounts.querysets import FormerHandleQuerySet, ProfileQuerySet
from common.markdown import USER_CONTENT, render
from common.text import excerpt_of, validate_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import AnonymousUser


class Role(models.TextChoices):
    """What somebody does here; each is a Django group of the same name (accounts.roles has their rights)."""

    LEARNER = "learner"
    AUTHOR = "author"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


# ASCII only: a letter that merely looks like another would make two people look like one, and
# Django's own check lets some of them pass (the Kelvin sign is a "K" whatever its case).
ascii_only = RegexValidator(
    r"\A[\x21-\x7e]*\Z", "Use only plain letters, digits and signs in an e-mail address.", code="invalid"
)


validate_name = validate_line  # the name by which migrations know it


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Signs in with an e-mail address, which is unique whatever its case."""

    email = models.EmailField(
        "e-mail address",
        max_length=254,
        unique=True,
        validators=[ascii_only],
        error_messages={"unique": "There is already an account with this e-mail address."},
    )
    name = models.CharField(max_length=150, blank=True, validators=[validate_line])
    is_active = models.BooleanField("active", default=True, help_text="Clear this to ban somebody; it acts at once.")
    is_staff = models.BooleanField("staff", default=False, help_text="May open the admin.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    erase_after = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the account will be erased, if its owner asked for that."
    )

    objects: ClassVar[UserManager] = UserManager()
    # The password as it was set, until it is saved (Django's own).
    _password: str | None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            # With the plain unique index this makes addresses unique whatever their case.
            models.CheckConstraint(
                name="user_email_lower_case",
                condition=Q(email=Lower("email")),
                violation_error_message="E-mail addresses are kept in lower case.",
            ),
        ]
        indexes = [
            models.Index(name="user_erase_after", fields=["erase_after"], condition=Q(erase_after__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = type(self).objects.normalize_email(self.email)

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new person gets a profile and a role; one who is banned or has a new password is signed out everywhere.

        Here, because people are made and passwords changed at many doors (page, provider, admin,
        reset, commands). A silent upgrade of the hash is no change: Django clears `_password`
        before it saves that. A new password is stored alone: while it was typed and hashed, somebody
        may have been banned or demoted, or have got another address, and stays so.
        """
        is_new, new_password = self._state.adding, self._password is not None
        if new_password and not is_new:
            kwargs.setdefault("update_fields", ["password"])
        super().save(*args, **kwargs)
        if is_new:
            type(self).objects.furnish(self)
            return
        self.api_keys.forget()
        if new_password or not self.is_active:
            self.sessions.end("password_changed" if self.is_active else "banned")

    @cached_property
    def role(self) -> Role:
        """The highest role of this person's groups."""
        held = {group.name for group in self.groups.all()}
        return next((role for role in reversed(Role) if role in held), Role.LEARNER)

    @cached_property
    def acts_as_staff(self) -> bool:
        """Whether this person has the rights of staff now: where it is required, with a second factor only."""
        from allauth.mfa.utils import is_mfa_enabled

        if not (self.is_active and self.is_staff):
            return False
        return not settings.STAFF_NEED_SECOND_FACTOR or bool(is_mfa_enabled(self))

    @cached_property
    def is_confirmed(self) -> bool:
        """Whether this person has shown that the address is theirs; only then may they post, pay or make keys."""
        from allauth.account.models import EmailAddress

        return bool(EmailAddress.objects.filter(user=self, email=self.email, verified=True).exists())

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


@receiver(post_save, sender=User)
def furnish_loaded(sender: type[User], instance: User, raw: bool, using: str, **kwargs: Any) -> None:
    """Give people whom `loaddata` brings what they came without: it does not call `save`.

    After all is loaded, since their profiles may stand further down in the same file.
    """
    if raw:
        transaction.on_commit(lambda: User.objects.furnish_bare(instance), using=using)


class Audience(models.TextChoices):
    """To whom a part of a profile is shown."""

    EVERYBODY = "everybody"
    MEMBERS = "members"
    NOBODY = "nobody", "only me"


RESERVED_HANDLES = frozenset(
    {"about", "admin", "administrator", "anonymous", "api", "everyone", "former-member", "help", "here", "how-to-ai"}
    | {"info", "mail", "me", "moderator", "moderators", "none", "null", "official", "root", "security", "staff"}
    | {"support", "system", "team", "undefined"}
)
LONGEST_BIO = 1000  # characters
LONGEST_IN_SHORT = 160
MOST_LINKS = 5
Section = Literal["about", "learning", "activity"]


HANDLE_TAKEN = "This handle is taken. Choose another."
is_web_address = URLValidator(["http", "https"], message="Write an address that begins with https:// or http://.")


def validate_handle(handle: str) -> None:
    if handle in RESERVED_HANDLES:
        raise ValidationError("This handle is kept for the platform. Choose another.", code="reserved")


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones; asked once, since it reads a folder of 600 files."""
    return frozenset(zoneinfo.available_timezones())


def validate_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError("Choose a time zone such as Europe/Paris.", code="unknown_time_zone")


class Profile(models.Model):
    """What somebody shows of themselves, and to whom."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    handle = models.CharField(
        max_length=30,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[a-z0-9](?:-?[a-z0-9]){1,29}\Z",
                "Use 2 to 30 small letters, digits and single hyphens between them.",
            ),
            validate_handle,
        ],
        error_messages={"unique": HANDLE_TAKEN},
    )
    display_name = models.CharField(
        max_length=60, blank=True, validators=[validate_line], help_text="Shown instead of your name."
    )
    bio = models.TextField(
        max_length=LONGEST_BIO,
        blank=True,
        # Django holds the length of a TextField only in forms.
        validators=[MaxLengthValidator(LONGEST_BIO)],
        help_text=f"Markdown, up to {LONGEST_BIO:,} characters.",
    )
    bio_html = models.TextField(blank=True, editable=False)
    picture = models.ImageField(upload_to="pictures", blank=True, editable=False)
    time_zone = models.CharField(max_length=50, default="UTC", validators=[validate_time_zone])
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    links = ArrayField(
        models.CharField(max_length=200, validators=[is_web_address]),
        size=MOST_LINKS,
        default=list,
        blank=True,
        error_messages={"item_invalid": "Link %(nth)s:"},
        help_text=f"Up to {MOST_LINKS} addresses of pages about you.",
    )
    about_visible_to = models.CharField(
        "bio and links are shown to", max_length=9, choices=Audience, default=Audience.EVERYBODY
    )
    learning_visible_to = models.CharField(
        "what you learn is shown to", max_length=9, choices=Audience, default=Audience.MEMBERS
    )
    activity_visible_to = models.CharField(
        "what you write is listed for", max_length=9, choices=Audience, default=Audience.EVERYBODY
    )

    objects = ProfileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="profile_handle_lower_case",
                condition=Q(handle=Lower("handle")),
                violation_error_message="Handles are kept in lower case.",
            ),
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.bio_html = render(self.bio, link_rel=USER_CONTENT).html
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("accounts:profile", args=[self.handle])

    def validate_unique(self, exclude: Collection[str] | None = None) -> None:
        """Also what others gave up a short time ago is taken.

        Asked after who has it now: somebody who gives it up at this moment has either still got
        it, or is found here.
        """
        super().validate_unique(exclude)
        if exclude and "handle" in exclude:
            return
        if FormerHandle.objects.kept_from(self.user_id).filter(handle=self.handle).exists():
            raise ValidationError({"handle": ValidationError(HANDLE_TAKEN, code="unique")})

    def get_picture_url(self) -> str | None:
        """The address of the picture, another one for each picture, so that browsers may keep what they have."""
        if not self.picture:
            return None
        return f"{reverse('accounts:picture', args=[self.handle])}?v={self.picture_version}"

    @property
    def picture_version(self) -> str:
        return PurePath(str(self.picture)).stem

    def shows(self, section: Section, *, to: User | AnonymousUser) -> bool:
        """Whether this person lets somebody see a section of the profile; the owner sees all."""
        if to.pk == self.user_id:
            return True
        audience = getattr(self, f"{section}_visible_to")
        return audience == Audience.EVERYBODY or (audience == Audience.MEMBERS and to.is_authenticated)

    @property
    def is_listed(self) -> bool:
        """Whether engines should: whoever says something of themselves to everybody (`ProfileQuerySet.listed`)."""
        return self.about_visible_to == Audience.EVERYBODY and bool(self.bio or self.links)

    @property
    def about_in_short(self) -> str:
        return excerpt_of(self.bio_html, LONGEST_IN_SHORT)

    @property
    def shown_name(self) -> str:
        return self.display_name or self.user.name or self.handle

    @property
    def initials(self) -> str:
        """Up to two letters that stand where there is no picture."""
        words = self.shown_name.split() or [self.handle]
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


class FormerHandle(models.Model):
    """A handle that somebody gave up; nobody else gets it for a while, so that old links lead to no impostor."""

    KEPT = timedelta(days=90)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="former_handles")
    handle = models.CharField(max_length=30)
    freed_at = models.DateTimeField(default=timezone.now)

    objects = FormerHandleQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(name="former_handle", fields=["handle", "freed_at"]),
            models.Index(name="former_handle_freed_at", fields=["freed_at"]),
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"
