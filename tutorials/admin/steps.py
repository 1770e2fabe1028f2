"""The steps that an author or a reviewer takes, each with what it is called, asks and does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms

from accounts.models import User
from tutorials.forms.admin import ApprovalForm, ChangesRequestedForm, NoteForm, ScheduleForm
from tutorials.models import Tutorial, Verdict
from tutorials.services import writing


@dataclass(frozen=True)
class Step:
    """`verb` is what the button says, `done` what is said afterwards.

    `act` takes `by`, `tutorial` and what the form asks for.
    """

    verb: str
    done: str
    act: Callable[..., Any]
    explained: str = ""
    # The name that the table of steps in services.writing knows it by.
    rule: str = ""
    form: type[forms.Form] | None = None
    is_main: bool = False
    # Nobody takes this step with a tutorial of their own.
    for_others: bool = False

    def can(self, tutorial: Tutorial, user: User) -> bool:
        return writing.can(self.rule, tutorial) and not (self.for_others and tutorial.author_id == user.pk)

    def form_for(self, tutorial: Tutorial, data: Any) -> forms.Form | None:
        initial = {"read_at": tutorial.updated_at.isoformat(), "published_at": tutorial.published_at}
        return self.form(data, initial=initial) if self.form else None


def with_verdict(verdict: Verdict) -> Callable[..., Any]:
    return partial(writing.add_review_note, verdict=verdict)


STEPS: dict[str, Step] = {
    "ask-for-review": Step(
        "Ask for review",
        "Others are asked to read it.",
        writing.ask_for_review,
        "Another author can then approve it or ask for changes. You can go on writing.",
        "ask_for_review",
    ),
    "approve": Step(
        "Approve",
        "Approved.",
        with_verdict(Verdict.APPROVED),
        "You have read it and would publish it. Its author is told. A later change of the text takes this back.",
        "answer_review",
        ApprovalForm,
        for_others=True,
    ),
    "request-changes": Step(
        "Ask for changes",
        "Changes are requested; it is a draft again.",
        with_verdict(Verdict.CHANGES_REQUESTED),
        "It becomes a draft again, and its author is told.",
        "answer_review",
        ChangesRequestedForm,
    ),
    "withdraw": Step(
        "Withdraw from review",
        "It is a draft again.",
        writing.withdraw,
        "It becomes a draft again.",
        "withdraw",
    ),
    "comment": Step(
        "Comment",
        "Your comment is kept.",
        with_verdict(Verdict.COMMENT),
        "Those who write tutorials see it; readers don't.",
        "comment",
        NoteForm,
    ),
    "publish": Step(
        "Publish now",
        "Published.",
        writing.publish,
        "Readers see it at once.",
        "publish",
        is_main=True,
    ),
    "schedule": Step(
        "Schedule",
        "Scheduled.",
        lambda by, tutorial, published_at: writing.schedule(by=by, tutorial=tutorial, at=published_at),
        "Readers see it from this time on.",
        "schedule",
        ScheduleForm,
    ),
    "unpublish": Step(
        "Back to draft",
        "It is a draft again.",
        writing.unpublish,
        "Readers no longer see it. What they have done there is kept.",
        "unpublish",
    ),
    "archive": Step(
        "Archive",
        "Archived.",
        writing.archive,
        "Nobody sees it any more, and it cannot be changed until you bring it back to draft. Nothing is lost.",
        "archive",
    ),
}
