"""Shapes and JSON of moderation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import serializers

from common.api import StrictSerializer, TextField
from community.api.representations import author_as
from community.models import Case, Comment, Decision, Pin
from community.services import moderating

if TYPE_CHECKING:
    from common.api import Row
    from community.models import Report
    from community.moderation import Item

CHOOSE_WHEN = "Write a time such as 2026-12-24T18:00:00Z."


class ReasonSerializer(StrictSerializer):
    reason = TextField()

    example = {"reason": "It sells something."}


class TextSerializer(ReasonSerializer):
    """What is done to a text: to the `version` that was read, where one is named."""

    version = TextField(required=False, default="")


class DecisionSerializer(TextSerializer):
    """`sanction` is for the author: null, hour, day, week (silenced), or ban."""

    decision = serializers.ChoiceField(
        choices=Decision.choices, error_messages={"invalid_choice": moderating.CHOOSE_DECISION}
    )
    sanction = serializers.ChoiceField(
        choices=[*moderating.SILENCES, moderating.BAN],
        allow_null=True,
        default=None,
        error_messages={"invalid_choice": moderating.CHOOSE_SANCTION},
    )

    example = {"decision": "hidden", "reason": "It sells something.", "sanction": "day"}


class PinSerializer(ReasonSerializer):
    where = serializers.ChoiceField(
        choices=[Pin.CATEGORY, Pin.EVERYWHERE],
        default=Pin.CATEGORY,
        error_messages={"invalid_choice": moderating.CHOOSE_PIN},
    )

    example = {"where": "category", "reason": "Everybody asks this."}


class MoveSerializer(ReasonSerializer):
    category = TextField()

    example = {"category": "prompting", "reason": "It fits better there."}


class SilenceSerializer(ReasonSerializer):
    until = serializers.DateTimeField(error_messages={"invalid": CHOOSE_WHEN})

    example = {"until": "2026-12-07T09:30:00Z", "reason": "Insults, twice."}


def report_item(report: Report) -> Row:
    """What its reporter gets back."""
    return {"id": report.pk, "reason": report.reason, "at": report.at}


def case_item(item: Item) -> Row:
    """A case of the queue, with its text, reports and how the author stands."""
    case, text, standing = item.case, item.text, item.standing
    return {
        **case_outcome(case),
        "kind": case.kind,
        "cause": case.cause,
        "post": text.post_id if isinstance(text, Comment) else text.pk,
        "comment": text.pk if isinstance(text, Comment) else None,
        "title": text.post.title if isinstance(text, Comment) else text.title,
        "body_html": text.body_html,
        "state": text.state,
        "version": text.version,
        "author": author_as(text.author),
        "standing": {
            "trust_level": standing.trust_level if standing else 0,
            "posts": standing.posts_count if standing else 0,
            "comments": standing.comments_count if standing else 0,
            "hidden": standing.hidden_count if standing else 0,
            "actions": item.troubles,
        },
        "reports": [
            {"reporter": author_as(report.reporter), "reason": report.reason, "at": report.at}
            for report in case.reports.all()
        ],
        "opened_at": case.opened_at,
    }


def case_outcome(case: Case) -> Row:
    return {"id": case.pk, "decision": case.decision or None, "closed_at": case.closed_at}
