"""The shape of reports and of what moderators do. What is allowed in it is for the services to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms

from accounts.models import Profile
from common.forms import PlaceForm
from community.forms.versions import VersionForm
from community.models import Category, Deed, Pin, State, TrustLevel
from community.models.moderation import CHANGED_SINCE_READ, LONGEST_REASON, NO_REASON

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.models import User
    from community.models import Comment, Post, Standing

OTHER = "other"
QUICK_REASONS = [
    ("spam", "It is spam"),
    ("rude", "It is rude"),
    ("off_topic", "It is off topic"),
    ("private", "It gives away private data"),
    (OTHER, "Something else"),
]
CHANGED = "This has changed since you opened the page. Look at it as it is now, and choose anew."
CHOOSE = "Choose what to do."


def reason_field(hint: str, *, rows: int = 3, label: str = "Why", required: bool = True) -> forms.CharField:
    return forms.CharField(
        required=required,
        label=label,
        error_messages={"required": NO_REASON},
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows, "maxlength": LONGEST_REASON}),
    )


class ReportForm(forms.Form):
    about = forms.ChoiceField(
        label="What is wrong with it?",
        choices=QUICK_REASONS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is wrong with it."},
    )
    reason = reason_field("What should moderators know?", label="In your words", required=False)

    def in_words(self) -> str:
        """The reason as the moderators read it."""
        words: str = self.cleaned_data["reason"]
        about: str = self.cleaned_data["about"]
        if about == OTHER:
            return words
        quick = dict(QUICK_REASONS)[about]
        return f"{quick}: {words}" if words else f"{quick}."


class ReadForm(VersionForm):
    changed = CHANGED_SINCE_READ


class DecisionForm(ReadForm):
    decision = forms.ChoiceField(choices=[("keep", "Keep it"), ("hidden", "Hide it")])
    sanction = forms.ChoiceField(
        label="Its author",
        required=False,
        choices=[
            ("", "Goes on as before"),
            ("hour", "Is silenced for an hour"),
            ("day", "Is silenced for a day"),
            ("week", "Is silenced for a week"),
            ("ban", "Is banned"),
        ],
    )
    reason = reason_field("The author is told.", rows=2)


class ReasonForm(forms.Form):
    reason = reason_field("The person concerned is told.")


class DeedForm(ReasonForm):
    """One thing to do of those that can be done now."""

    field_order = ("deed", "until", "category", "reason")
    deed = forms.ChoiceField(
        label="What to do",
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE, "invalid_choice": CHANGED},
    )

    def __init__(self, *args: Any, deeds: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["deed"]).choices = list(deeds)


class PersonForm(DeedForm):
    until = forms.DateTimeField(
        label="Silence until",
        required=False,
        help_text="In your time zone; only for “until a date”.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Choose a date and a time."},
    )


class TextForm(ReadForm, DeedForm):
    """One thing to do to a text."""


class PostForm(TextForm):
    category = forms.ChoiceField(
        label="Move to", required=False, error_messages={"invalid_choice": "Choose one of the categories."}
    )

    def __init__(self, *args: Any, categories: Sequence[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = categories
        named = [(category.slug, category.name) for category in categories]
        cast("forms.ChoiceField", self.fields["category"]).choices = [("", "Leave it there"), *named]

    def clean_category(self) -> Category | None:
        return next((each for each in self.categories if each.slug == self.cleaned_data["category"]), None)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("deed") == Deed.MOVE and self.cleaned_data.get("category") is None:
            self.add_error("category", "Choose one of the categories.")
        return self.cleaned_data


class LogForm(PlaceForm):
    person = forms.CharField(
        label="Person", required=False, max_length=40, widget=forms.TextInput(attrs={"placeholder": "@handle"})
    )
    deed = forms.ChoiceField(label="Deed", required=False, choices=[("", "All deeds"), *Deed.choices])

    def clean_person(self) -> User | None:
        handle = self.cleaned_data["person"].strip().removeprefix("@").lower()
        if not handle:
            return None
        profile = Profile.objects.select_related("user").filter(handle=handle).first()
        if profile is None:
            raise forms.ValidationError("Nobody has this handle.", code="unknown")
        return profile.user


def deeds_on_text(text: Post | Comment) -> list[tuple[str, str]]:
    """What can be done to any text now."""
    hide = [(str(Deed.HIDE), "Hide it")]
    if text.state == State.HELD:
        return [(str(Deed.SHOW), "Publish it"), *hide]
    return [(str(Deed.SHOW), "Show it again")] if text.state == State.HIDDEN else hide


def deeds_on_post(post: Post) -> list[tuple[str, str]]:
    locking = (Deed.UNLOCK, "Open the thread again") if post.is_locked else (Deed.LOCK, "Lock the thread")
    pins = [
        (f"pin-{where}", words)
        for where, words in ((Pin.CATEGORY, "Pin it in its category"), (Pin.EVERYWHERE, "Pin it everywhere"))
        if post.pinned != where
    ]
    unpin = [(Deed.UNPIN, "Unpin it")] if post.pinned else []
    return [*deeds_on_text(post), locking, *pins, *unpin, (Deed.MOVE, "Move it to another category")]


def deeds_on_person(person: User, standing: Standing) -> list[tuple[str, str]]:
    silences = [
        ("silence-hour", "Silence for an hour"),
        ("silence-day", "Silence for a day"),
        ("silence-week", "Silence for a week"),
        ("silence-until", "Silence until a date"),
    ]
    if standing.is_silenced:
        silences.append((Deed.UNSILENCE, "End the silence"))
    levels = [(f"level-{level}", f"Fix the trust level: {level.label.lower()}") for level in TrustLevel]
    if standing.level_is_fixed:
        levels.append(("level-earned", "Let behaviour decide the trust level"))
    banning = (Deed.BAN, "Ban") if person.is_active else (Deed.UNBAN, "End the ban")
    return [*silences, *levels, banning]
