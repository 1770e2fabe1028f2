"""The shape of what members write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms

from common.markdown import LARGEST_POST
from community.forms.versions import VersionForm
from community.models import Category, Post, PostType
from community.models.posts import LONGEST_TITLE, MOST_TAGS
from community.services.texts import EMPTY
from community.services.writing import CHANGED

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_TAGS = 250  # characters, all of them together


def body_field(rows: int, label: str) -> forms.CharField:
    """Long texts are the service's to refuse, in the words that every door has."""
    return forms.CharField(
        error_messages={"required": EMPTY},
        label=label,
        strip=False,
        widget=forms.Textarea(attrs={"rows": rows, "maxlength": LARGEST_POST}),
        help_text="Markdown: **bold**, `code`, three backticks around a block of code.",
    )


class PostForm(forms.Form):
    """A post, new or again."""

    title = forms.CharField(
        error_messages={"required": "This field cannot be blank."},
        max_length=LONGEST_TITLE,
        help_text="What would somebody with the same question search for?",
    )
    type = forms.ChoiceField(
        choices=PostType,
        initial=PostType.QUESTION,
        widget=forms.RadioSelect,
        label="What is it?",
        error_messages={"invalid_choice": "Choose question, discussion or show and tell."},
    )
    category = forms.ChoiceField(
        error_messages={"required": "Choose one of the categories.", "invalid_choice": "Choose one of the categories."}
    )
    body = body_field(12, "Text")
    tags = forms.CharField(
        required=False,
        max_length=LONGEST_TAGS,
        help_text=f"Up to {MOST_TAGS}, with commas between them, such as prompting, evaluation.",
    )

    def __init__(self, *args: Any, categories: Sequence[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = categories
        named = [(category.slug, category.name) for category in categories]
        cast("forms.ChoiceField", self.fields["category"]).choices = [("", "Choose one"), *named]

    def clean_category(self) -> Category:
        return next(each for each in self.categories if each.slug == self.cleaned_data["category"])

    def clean_tags(self) -> list[str]:
        return tags_in(self.cleaned_data["tags"])


class CommentForm(forms.Form):
    body = body_field(6, "Your answer")


class EditForm(VersionForm):
    changed = CHANGED


class EditPostForm(EditForm, PostForm):
    pass


class EditCommentForm(EditForm, CommentForm):
    pass


class DraftForm(forms.Form):
    """What stands in one of the forms above, finished or not; `place` says in which."""

    place = forms.RegexField(r"\A(?:post|(?:tutorial|comment|reply|edit-post|edit-comment)-[0-9]{1,18})\Z")
    title = forms.CharField(required=False, max_length=LONGEST_TITLE)
    type = forms.ChoiceField(required=False, choices=PostType)
    category = forms.CharField(required=False, max_length=60)
    tags = forms.CharField(required=False, max_length=LONGEST_TAGS)
    body = forms.CharField(required=False, strip=False)

    def __init__(self, *args: Any, categories: Sequence[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = categories

    def clean_category(self) -> Category | None:
        """A category that is not there, or no more, is left empty: a draft is kept for its words."""
        return next((each for each in self.categories if each.slug == self.cleaned_data["category"]), None)


def tags_in(text: str) -> list[str]:
    """The tags that somebody typed, in small letters and with hyphens for blanks, each once."""
    named = ("-".join(tag.lower().split()) for tag in text.replace("#", " ").split(","))
    return list(dict.fromkeys(tag for tag in named if tag))


def initial_of(post: Post) -> dict[str, Any]:
    """What the form of an edit begins with."""
    return {
        "title": post.title,
        "type": post.type,
        "category": post.category.slug,
        "body": post.body,
        "tags": ", ".join(post.tags),
    }
