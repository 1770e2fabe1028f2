"""What pages of the admin in several apps share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.options import BaseModelAdmin, IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin


class RecordAdmin(ModelAdmin):
    """What nobody writes by hand: to look at only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ByDate(BaseModelAdmin):
    """For whatever has `date_hierarchy`: what is no date, such as a year of twenty digits, is refused in words.

    Django does so for some of them, and fails with an error of the server for others. Before the base class of unfold.
    """

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Raises IncorrectLookupParameters, as Django expects."""
        try:
            return super().get_changelist_instance(request)  # type: ignore[misc, no-any-return]  # of ModelAdmin
        except (OverflowError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error


class KeysOnly(AutocompleteSelect):
    """Shows a form again whatever was sent in the place of a key, which Django's own would look up, and fail."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, [each for each in value if not each or self.is_key(each)], attr)

    def is_key(self, text: str) -> bool:
        key = self.field.remote_field.model._meta.pk
        try:
            key.clean(text, None)
        except ValidationError:
            return False
        return True


class LooksUp(BaseModelAdmin):
    """For whatever has `autocomplete_fields`; before the base class of unfold."""

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KeysOnly(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
