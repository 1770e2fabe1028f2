"""One rule for goals and for the steps of funnels: the name of an event, and what it must be about.

A subject that ends in * stands for all that begin like it; an empty one for whatever an event is about.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from analytics.events import Name

ANY = "*"
LONGEST_SUBJECT = 200  # characters
LEAST_STEPS, MOST_STEPS = 2, 10
# Of these nobody is known who did them.
NAMES = tuple(name for name in Name.values if name != Name.KEPT_OUT)
UNKNOWN_EVENT = "There is no event “{name}”. Choose one of " + ", ".join(NAMES) + "."
STAR_WITHIN = "A * may stand at the end only, for whatever follows."
TOO_LONG = f"A subject has at most {LONGEST_SUBJECT} characters."
NO_STEPS = f"A funnel is a list of {LEAST_STEPS} to {MOST_STEPS} steps."
NO_STEP = 'Step {number} is not of the form {{"event": "page_view", "subject": "/pricing/"}}.'
OF_STEP = "Step {number}: {fault}"


def faults_of(event: Any, subject: Any) -> dict[str, str]:
    """What is wrong with a rule, by field; empty if nothing is."""
    faults = {}
    if event not in NAMES:
        faults["event"] = UNKNOWN_EVENT.format(name=event)
    if not isinstance(subject, str) or len(subject) > LONGEST_SUBJECT:
        faults["subject"] = TOO_LONG
    elif ANY in subject[:-1]:
        faults["subject"] = STAR_WITHIN
    return faults


def validate_rule(event: str, subject: str) -> None:
    """Raises ValidationError on `event` and `subject`."""
    if faults := faults_of(event, subject):
        raise ValidationError(faults)


def validate_steps(steps: Any) -> None:
    """Raises ValidationError that says which step is wrong, and how."""
    if not isinstance(steps, list) or not LEAST_STEPS <= len(steps) <= MOST_STEPS:
        raise ValidationError(NO_STEPS)
    found = [fault for number, step in enumerate(steps, 1) for fault in faults_of_step(number, step)]
    if found:
        raise ValidationError(found)


def faults_of_step(number: int, step: Any) -> list[str]:
    if not isinstance(step, dict) or "event" not in step or step.keys() - {"event", "subject"}:
        return [NO_STEP.format(number=number)]
    faults = faults_of(step["event"], step.get("subject", ""))
    return [OF_STEP.format(number=number, fault=fault) for fault in faults.values()]


def matches(event: str, subject: str, *, name: str, about: str) -> bool:
    """Whether an event with a `name`, `about` something, is what a rule asks for."""
    if event != name:
        return False
    if subject.endswith(ANY):
        return about.startswith(subject[:-1])
    return subject in ("", about)


def matches_sql(event: str, subject: str, *, name: str, about: str) -> str:
    """The same in SQL, of whose expressions these four are."""
    return (
        f"({event} = {name} AND ({subject} = '' OR {subject} = {about}"
        f" OR (right({subject}, 1) = '{ANY}' AND starts_with({about}, left({subject}, -1)))))"
    )
