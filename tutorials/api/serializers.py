"""Shapes of what the API takes about tutorials.

Shapes only: what is allowed in them is for models and services to say, in the same words at every door.
"""

from __future__ import annotations

from rest_framework import serializers

from common.api import NumberField, StrictSerializer, TextField, TruthField, WholeNumberField
from tutorials.models import AccessLevel, Difficulty, Topic, Tutorial, Verdict
from tutorials.services.tracks import NO_SUCH_TUTORIAL

NO_SUCH_TOPIC = "There is no such topic."
MOST_STEPS = 500
FROM_0_TO_1 = "Enter a fraction from 0 to 1."
WHOLE_SECONDS = "Enter a whole number of seconds."


class TutorialSerializer(StrictSerializer):
    title = TextField()
    slug = TextField()
    summary = TextField()
    body = TextField(trim_whitespace=False)
    topic = TextField()
    tags = serializers.ListField(child=TextField(), required=False)
    difficulty = serializers.ChoiceField(
        choices=Difficulty.choices, error_messages={"invalid_choice": "Choose beginner, intermediate or advanced."}
    )
    access = serializers.ChoiceField(
        choices=AccessLevel.choices, required=False, error_messages={"invalid_choice": "Choose free or premium."}
    )
    pass_mark = WholeNumberField(required=False)

    example = {
        "title": "Hello",
        "slug": "hello",
        "summary": "Why greet?",
        "topic": "foundations",
        "difficulty": "beginner",
        "tags": ["basics"],
        "body": "An opening.\n\n## First\n\nHello.\n",
    }

    def validate_topic(self, slug: str) -> Topic:
        topic = Topic.objects.filter(slug=slug).first()
        if topic is None:
            raise serializers.ValidationError(NO_SUCH_TOPIC, code="invalid_choice")
        return topic


class TrackSerializer(StrictSerializer):
    """`tutorials` become the steps, in this order. The context names who writes, as `user`."""

    title = TextField()
    slug = TextField()
    summary = TextField()
    is_published = TruthField(required=False)
    quizzes_required = TruthField(required=False)
    position = WholeNumberField(required=False)
    tutorials = serializers.ListField(child=TextField(), required=False, max_length=MOST_STEPS)

    example = {
        "title": "Start here",
        "slug": "start-here",
        "summary": "From no idea to a first useful prompt.",
        "tutorials": ["how-language-models-work"],
    }

    def validate_tutorials(self, slugs: list[str]) -> list[Tutorial]:
        """As they were named: one that is named twice is for the service to refuse."""
        visible = Tutorial.objects.visible_to(self.context["user"]).filter(slug__in=slugs).only("slug")
        found = {tutorial.slug: tutorial for tutorial in visible}
        missing = [NO_SUCH_TUTORIAL.format(slug=slug[:80]) for slug in slugs if slug not in found]
        if missing:
            raise serializers.ValidationError(missing, code="invalid_choice")
        return [found[slug] for slug in slugs]


class ProgressSerializer(StrictSerializer):
    """`block` null, or left out: as before; "": the beginning."""

    fraction = NumberField(error_messages={"invalid": FROM_0_TO_1, "overflow": FROM_0_TO_1})
    seconds = WholeNumberField(default=0, error_messages={"invalid": WHOLE_SECONDS})
    block = TextField(allow_null=True, default=None)
    visit = TextField(default="")

    example = {"fraction": 0.75, "seconds": 300, "block": "tokens", "visit": "monday"}


class CertificateNameSerializer(StrictSerializer):
    name = TextField()

    example = {"name": "Lea Learner"}


class AnswersSerializer(StrictSerializer):
    """Question → what was answered; the quiz itself looks at each."""

    answers = serializers.DictField()

    example = {"answers": {"what-is-a-token": ["a"]}}


class BookmarkSerializer(StrictSerializer):
    note = TextField(default="")

    example = {"note": "Read again before Monday."}


class ReviewNoteSerializer(StrictSerializer):
    verdict = serializers.ChoiceField(
        choices=Verdict.choices,
        default=Verdict.COMMENT,
        error_messages={"invalid_choice": "Choose comment, approved or changes requested."},
    )
    text = TextField(default="")
    read_at = serializers.DateTimeField(allow_null=True, default=None)

    example = {"verdict": "comment", "text": "The second example needs a source.", "read_at": None}


class PublicationSerializer(StrictSerializer):
    """Null: now. It must be said: who forgets the date must not publish at once."""

    at = serializers.DateTimeField(allow_null=True)

    example = {"at": None}
