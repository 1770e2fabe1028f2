"""What forms of several apps share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import BadRequest, ValidationError

from common.paging import LARGEST_PAGE, PAGE_SIZE


class PlaceForm(forms.Form):
    """Where in a list somebody is, the same for pages and API."""

    cursor = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
    page_size = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_PAGE,
        widget=forms.HiddenInput,
        error_messages={"invalid": "Enter a whole number."},
    )

    def clean_page_size(self) -> int:
        return self.cleaned_data["page_size"] or PAGE_SIZE


class TruthField(forms.BooleanField):
    """A parameter that is `true` or `false`; left out it is false. Django's own takes any other word for true."""

    widget = forms.HiddenInput
    default_error_messages = {"invalid": "Say true or false."}

    def to_python(self, value: Any) -> bool:
        if value not in ("true", "false", "", None):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return bool(value == "true")


def cleaned(form: forms.Form) -> dict[str, Any]:
    """What a form says. Raises ValidationError by field."""
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    return form.cleaned_data


def submit(form: forms.BaseForm, service: Callable[[], Any]) -> Any:
    """What the service makes of a valid form; None, with what is wrong in the form, where either refuses.

    Of a service that may itself return nothing, `form.errors` says whether it refused.
    """
    if not form.is_valid():
        return None
    try:
        return service()
    except ValidationError as error:
        put_faults(form, error)
        return None


def put_faults(form: forms.BaseForm, error: ValidationError) -> None:
    """At their fields; those of fields that the form lacks above it."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, faults in error.error_dict.items():
        form.add_error(name if name in form.fields else None, faults)


def asked_place(form: PlaceForm) -> dict[str, Any]:
    """Where in a list a form asks for, as `page_of` takes it. Raises ValidationError that names the parameter."""
    asked = cleaned(form)
    return {"cursor": asked["cursor"], "size": asked["page_size"]}


def in_words(error: ValidationError) -> str:
    """What is wrong with which parameter, in one sentence each, for an error that has no form to stand in."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())


@contextmanager
def faults_in_words() -> Iterator[None]:
    """For what no form of ours sends: a page that says what is wrong (400), where no form could say it."""
    try:
        yield
    except ValidationError as error:
        raise BadRequest(in_words(error)) from error
