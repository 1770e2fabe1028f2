"""A field of a form as our pages show it: label, hint, control and what is wrong with it, tied together."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField

register = template.Library()


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", hint: str | None = None, **attributes: Any) -> dict[str, Any]:
    """Label, hint and errors in words; further keywords become attributes of the control.

    Without `label` and `hint` the form's own are taken; an empty hint shows none. Where the form
    came back with errors, the first field that has one takes the focus. A `_` in the name of an
    attribute stands for `-`.
    """
    if hint is not None:
        # What Django names in aria-describedby.
        bound.help_text = hint
    attrs: dict[str, Any] = {"placeholder": False} | {
        name.replace("_", "-"): value for name, value in attributes.items()
    }
    if takes_focus(bound):
        attrs["autofocus"] = True
    kind = getattr(bound.field.widget, "input_type", "textarea")
    return {"field": bound, "control": bound.as_widget(attrs=attrs), "kind": kind, "label": label or bound.label}


def takes_focus(bound: BoundField) -> bool:
    """Whether this is the first field with an error, unless an error of the whole form stands above."""
    form = bound.form
    if form.non_field_errors():
        return False
    return next((name for name in form.fields if name in form.errors), None) == bound.name
