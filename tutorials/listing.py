"""The tutorial list that the page and the API both show."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from common.paging import Page, page_of
from tutorials.forms import TutorialListForm
from tutorials.models import Tutorial
from tutorials.querysets import BEST_FIRST, NEWEST_FIRST


def list_tutorials(form: TutorialListForm) -> Page:
    """One page of what the form asks for. Raises ValidationError that names the parameter."""
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    asked = form.cleaned_data
    found = Tutorial.objects.published().filtered(**form.filters())
    if asked["q"]:
        rows, order = found.search(asked["q"]).as_rows("rank"), BEST_FIRST
    else:
        rows, order = found.as_rows(), NEWEST_FIRST
    return page_of(rows, order=order, cursor=asked["cursor"], size=asked["page_size"])
