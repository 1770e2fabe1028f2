"""Shapes of what the API takes about the community.

Shapes only: what is allowed in them is for models and services to say, in the same words at every door.
"""

from __future__ import annotations

from rest_framework import serializers

from common.api import StrictSerializer, TextField, WholeNumberField
from community.models import PostType

WHICH_TYPE = "Choose question, discussion or show and tell."
MOST_TAGS_READ = 100


class PostSerializer(StrictSerializer):
    """`category` and `tutorial` are slugs."""

    title = TextField()
    body = TextField(trim_whitespace=False)
    category = TextField()
    tags = serializers.ListField(child=TextField(), default=list, max_length=MOST_TAGS_READ)
    type = serializers.ChoiceField(
        choices=PostType.choices, default=PostType.QUESTION, error_messages={"invalid_choice": WHICH_TYPE}
    )

    example = {
        "title": "Why does it invent sources?",
        "category": "prompting",
        "tags": ["citations"],
        "body": "I asked for three papers. **Two** do not exist.",
    }


class NewPostSerializer(PostSerializer):
    tutorial = TextField(allow_null=True, default=None)
    block = TextField(default="")


class CommentSerializer(StrictSerializer):
    body = TextField(trim_whitespace=False)

    example = {"body": "It writes what is likely, not what is true."}


class NewCommentSerializer(CommentSerializer):
    """`parent` is the comment that it replies to."""

    parent = WholeNumberField(allow_null=True, default=None)  # type: ignore[assignment]  # a name of the framework's, too


class AnswerSerializer(StrictSerializer):
    comment = WholeNumberField()

    example = {"comment": 112}


class DraftSerializer(StrictSerializer):
    title = TextField(default="")
    type = serializers.ChoiceField(
        choices=PostType.choices, allow_null=True, default=None, error_messages={"invalid_choice": WHICH_TYPE}
    )
    category = TextField(allow_null=True, default=None)
    tags = TextField(default="")
    body = TextField(trim_whitespace=False, default="")

    example = {"title": "Why does it invent sources?", "tags": "citations, papers", "body": "I asked for three"}
