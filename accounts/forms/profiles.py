"""What somebody says of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings

from accounts.models import Profile
from accounts.models.people import LONGEST_BIO, MOST_LINKS, Audience, time_zones

if TYPE_CHECKING:
    from accounts.services.profiles import Changes

CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


class ProfileForm(forms.Form):
    """What somebody may change of themselves. Shapes only: the models say what is allowed."""

    handle = forms.CharField(
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="2 to 30 small letters, digits and hyphens. You can change it once in 30 days, and links to the "
        "old one stop working.",
    )
    display_name = forms.CharField(
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
        label="Display name",
        help_text="What others see instead of your name.",
    )
    name = forms.CharField(
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="For mails; others see it if you have no display name.",
    )
    bio = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        label="About you",
        help_text=f"Markdown, up to {LONGEST_BIO:,} characters.",
    )
    links = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text=f"Up to {MOST_LINKS} addresses of pages about you, one a line.",
    )
    time_zone = forms.CharField(
        widget=forms.Select(attrs={"autocomplete": "off"}),
        label="Time zone",
        help_text="For the times that we show you.",
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    about_visible_to = forms.ChoiceField(choices=Audience.choices, label="About you and your links")
    learning_visible_to = forms.ChoiceField(choices=Audience.choices, label="What you learn")
    activity_visible_to = forms.ChoiceField(choices=Audience.choices, label="What you write")

    def __init__(self, data: Any = None, *, profile: Profile) -> None:
        """The form begins with what the profile says."""
        initial = {name: getattr(profile, name) for name in self.base_fields if name not in ("name", "links")}
        initial |= {"name": profile.user.name, "links": "\n".join(profile.links)}
        super().__init__(data, initial=initial)
        self.fields["time_zone"].widget.choices = time_zone_choices(profile.time_zone)

    def changes(self) -> Changes:
        return cast("Changes", self.cleaned_data)

    def clean_bio(self) -> str:
        """Browsers send two characters for the end of a line, which would count twice."""
        bio: str = self.cleaned_data["bio"]
        return bio.replace("\r\n", "\n")

    def clean_links(self) -> list[str]:
        lines = (line.strip() for line in self.cleaned_data["links"].splitlines())
        return [line if "://" in line else f"https://{line}" for line in lines if line]


class PictureForm(forms.Form):
    picture = forms.FileField(
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        help_text="JPEG, PNG, WebP or GIF, at most 5 MB. We cut out the middle and keep nothing else of the file.",
    )


def time_zone_choices(current: str) -> list[tuple[str, Any]]:
    """UTC and the zones of places, grouped by continent; another one only if it is in use already."""
    places: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(time_zones()):
        continent, _, place = zone.partition("/")
        if continent in CONTINENTS:
            places.setdefault(continent, []).append((zone, place.replace("_", " ")))
    known = {"UTC", *(zone for zones in places.values() for zone, _ in zones)}
    others = [] if current in known else [(current, current)]
    return [("UTC", "UTC"), *others, *places.items()]
