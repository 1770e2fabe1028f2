"""What pages of the admin in several apps share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.options import BaseModelAdmin, IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline


class ToLookAt(BaseModelAdmin):
    """What nobody writes by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
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


class RecordAdmin(ToLookAt, ModelAdmin):
    """Rows to look at only."""


class RecordInline(ToLookAt, TabularInline):
    """Rows to look at only, beneath what they belong to. `fields` says which columns are shown."""

    extra = 0

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """No form is made of them: some no form could hold."""
        return self.fields


class ServiceAdmin(ModelAdmin):
    """Written by a service, which may refuse what the form let through, as somebody was quicker: the page says why."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return cast("HttpResponse", super().changeform_view(request, object_id, form_url, extra_context))
        except ValidationError as refusal:
            return self.refuse(request, refusal, request.path)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return cast("HttpResponse", super().delete_view(request, object_id, extra_context))
        except ValidationError as refusal:
            page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return self.refuse(request, refusal, reverse(page, args=[object_id]))

    def refuse(self, request: HttpRequest, refusal: ValidationError, back: str) -> HttpResponseRedirect:
        self.message_user(request, " ".join(refusal.messages), level=messages.ERROR)
        return HttpResponseRedirect(back)


class OneByOne(ModelAdmin):
    """Whether a row may be deleted depends on the row, so many at once are not."""

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


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
