"""The shape of what authors and staff enter."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.models import BaseInlineFormSet
from django.urls import reverse
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tutorials.models import Status, Tutorial
from tutorials.models.authoring import is_image_name
from tutorials.pictures import LARGEST_IMAGE, TOO_LARGE, inspect_image
from tutorials.services import tracks, writing


class MarkdownWidget(UnfoldAdminTextareaWidget):
    """A text area with the rendered text beside it, renewed while one types."""

    template_name = "tutorials/widgets/markdown.html"
    # Whose images the preview shows; None for a tutorial that is not saved yet.
    tutorial_id: int | None = None

    class Media:
        js = (forms.widgets.Script("js/markdown-preview.js", type="module"),)
        css = {"all": ("css/admin.css",)}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        address = reverse("admin:tutorials_tutorial_preview")
        own = f"?tutorial={self.tutorial_id}" if self.tutorial_id else ""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        return context | {"preview_url": f"{address}{own}"}


class MarkdownField(forms.CharField):
    """A text as a file has it: browsers send other ends of lines."""

    def to_python(self, value: Any) -> str:
        return writing.tidy(super().to_python(value) or "")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return writing.tidy(initial or "") != writing.tidy(data or "")


class TagsField(forms.Field):
    """Tags with commas between them. How many there may be, and what each may be, is the model's to judge."""

    def __init__(self, *, base_field: Any = None, max_length: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        tags = ("-".join(tag.lower().split()) for tag in (value or "").split(","))
        return [tag for tag in tags if tag]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


class FilesInput(UnfoldAdminFileFieldWidget):
    """The theme's own, since its script expects that around every file input."""

    allow_multiple_selected = True


class ImagesField(forms.FileField):
    """Any number of images, each with the name under which a text shows it: {name: content}."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> dict[str, bytes]:
        cleaned: dict[str, bytes] = {}
        for file in data or ():
            name = name_of(super().clean(file, initial))
            try:
                cleaned[name] = content_of(name, file)
            except ValidationError as error:
                raise ValidationError([f"{file.name}: {message}" for message in error.messages]) from error
        return cleaned

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


def name_of(file: UploadedFile) -> str:
    """The name of a file, as a text may have it."""
    return re.sub(r"[^a-z0-9._-]+", "-", str(file.name).lower()).strip("-")


def content_of(name: str, file: UploadedFile) -> bytes:
    is_image_name(name)
    if (file.size or 0) > LARGEST_IMAGE:
        raise ValidationError(TOO_LARGE)
    data: bytes = file.read()
    inspect_image(data)
    return data


class TutorialAdminForm(forms.ModelForm):
    """What of a tutorial is written in the editor; where it stands is changed step by step beside it."""

    new_images = ImagesField(
        required=False,
        label="Add images",
        widget=FilesInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
        help_text="PNG, JPEG, WebP or GIF, at most 2 MB and 4096 pixels a side."
        " Show one with ![What it shows](name.png).",
    )
    # The state of the row that the author saw, so that nobody overwrites what they have not read.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Tutorial
        fields = "__all__"  # noqa: DJ007 - the admin names the fields that are shown
        field_classes = {"body": MarkdownField, "tags": TagsField}
        widgets = {"body": MarkdownWidget, "tags": UnfoldAdminTextInputWidget}
        help_texts = {
            "body": "Markdown. What stands before the first heading is open to everybody, also in premium tutorials."
            " A quiz stands between ```quiz and ``` at the end: ? begins a question, ( ) and (x) are its options"
            " ([ ] and [x] where several are right), = is a short answer, ! explains.",
            "tags": "Up to 8, with commas between them: prompting, evaluation.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "body" in self.fields:
            self.fields["body"].widget.tutorial_id = self.instance.pk
            self.fields["seen"].initial = self.instance.updated_at.isoformat()
        self.fields["seen"].label = ""

    def clean(self) -> dict[str, Any] | None:
        """As the services will, but here it is still an error of the form."""
        cleaned = super().clean() or self.cleaned_data
        if not self.instance.pk:
            return cleaned
        if not writing.can("change", self.instance):
            raise writing.refusal("change", self.instance)
        if cleaned.get("seen") and cleaned["seen"] != self.instance.updated_at.isoformat():
            raise ValidationError(writing.CHANGED_MEANWHILE)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # unknown to the stubs; only here does the row say what the form says
        if self.instance.status == Status.PUBLISHED and not self.errors:
            missing = set(self.instance.missing_images()) - self.cleaned_data["new_images"].keys()
            if missing:
                self.add_error("body", writing.IMAGES_MISSING.format(names=", ".join(sorted(missing))))

    def changes(self) -> dict[str, Any]:
        """What was changed, for the service."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in writing.WRITTEN}


class ScheduleForm(forms.Form):
    published_at = forms.SplitDateTimeField(
        label="Published from (UTC)",
        widget=UnfoldAdminSplitDateTimeWidget,
        error_messages={"required": writing.CHOOSE_WHEN},
    )


class NoteForm(forms.Form):
    text = forms.CharField(label="Comment", widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}))


class ChangesRequestedForm(NoteForm):
    text = forms.CharField(label="What should change?", widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}))


class ApprovalForm(NoteForm):
    text = forms.CharField(required=False, label="Comment", widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}))
    read_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)


class StepFormSet(BaseInlineFormSet):
    """The tutorials of a track."""

    def get_unique_error_message(self, unique_check: Any) -> str:
        return tracks.TWICE

    def in_order(self) -> list[Tutorial]:
        """The tutorials by the positions that were given them; of equal ones, as they stand."""
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data.get("tutorial")]
        kept = [row for row in rows if not row.get("DELETE")]
        return [row["tutorial"] for row in sorted(kept, key=lambda row: row.get("position") or 0)]
