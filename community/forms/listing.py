"""The shape of what readers ask the lists of posts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Profile
from common.forms import PlaceForm
from community.categories import categories_for
from community.models import Category, PostType
from community.querysets.listing import LATEST, NEWEST, TOP, UNANSWERED
from tutorials.models import Tutorial
from tutorials.models.tutorials import is_tag

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

ORDER_CHOICES = [
    (LATEST, "Latest"),
    (NEWEST, "Newest"),
    (TOP, "Top of the week"),
    (UNANSWERED, "Unanswered"),
]
NO_SUCH_ORDER = "Choose latest, newest, top or unanswered."
NO_SUCH_TYPE = "Choose question, discussion or show_and_tell."
ONE_PERSON = "What one person wrote is ordered by newest only."
ONE_TUTORIAL = "What is asked about one tutorial is ordered by latest only."
QUESTIONS_ONLY = "Only questions can be unanswered. Leave the type out, or take another order."


class PostListForm(PlaceForm):
    """The parameters of the list of posts, the same for pages and API. What is hidden from the reader is not there."""

    order = forms.ChoiceField(required=False, choices=ORDER_CHOICES, error_messages={"invalid_choice": NO_SUCH_ORDER})
    category = forms.ChoiceField(required=False, error_messages={"invalid_choice": "There is no such category."})
    tag = forms.CharField(required=False, max_length=40, validators=[is_tag])
    type = forms.ChoiceField(
        required=False,
        choices=[("", "All types"), *PostType.choices],
        error_messages={"invalid_choice": NO_SUCH_TYPE},
    )
    tutorial = forms.SlugField(required=False, max_length=200)
    author = forms.CharField(required=False, max_length=30)

    def __init__(self, data: Any, *, user: User | AnonymousUser) -> None:
        super().__init__(data)
        self.user = user
        self.categories = categories_for(user)
        choices = [("", "All categories"), *((category.slug, category.name) for category in self.categories)]
        cast("forms.ChoiceField", self.fields["category"]).choices = choices

    def clean_category(self) -> Category | None:
        return next((each for each in self.categories if each.slug == self.cleaned_data["category"]), None)

    def clean_tutorial(self) -> Tutorial | None:
        slug = self.cleaned_data["tutorial"]
        if not slug:
            return None
        tutorial = Tutorial.objects.visible_to(self.user).only("id", "slug", "title").filter(slug=slug).first()
        if tutorial is None:
            raise ValidationError("There is no such tutorial.", code="not_found")
        return tutorial

    def clean_author(self) -> Profile | None:
        """Raises ValidationError alike for nobody and for who does not let this reader see what they write."""
        handle = self.cleaned_data["author"]
        if not handle:
            return None
        profile = Profile.objects.select_related("user").filter(handle=handle).first()
        if profile is None or not profile.shows("activity", to=self.user):
            raise ValidationError("There is nobody of this handle whose posts you may list.", code="not_found")
        return profile

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        author, tutorial = asked.get("author"), asked.get("tutorial")
        asked["order"] = asked.get("order") or (NEWEST if author else LATEST)
        if author and asked["order"] != NEWEST:
            self.add_error("order", ValidationError(ONE_PERSON, code="not_here"))
        elif tutorial and not author and asked["order"] != LATEST:
            self.add_error("order", ValidationError(ONE_TUTORIAL, code="not_here"))
        elif asked["order"] == UNANSWERED and asked.get("type", "") not in ("", PostType.QUESTION):
            self.add_error("type", ValidationError(QUESTIONS_ONLY, code="not_here"))
        return asked
