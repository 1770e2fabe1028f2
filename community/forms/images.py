"""The shape of an image that somebody uploads."""

from __future__ import annotations

from django import forms


class ImageForm(forms.Form):
    file = forms.FileField(
        label="New image",
        # An empty file is the service's to refuse, in the words that every door has.
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        help_text="JPEG, PNG, WebP or GIF, at most 5 MB. Where and when a photo was taken is not kept.",
        error_messages={"required": "Choose an image."},
    )
