"""What is decided or written about a text is about the text that was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django import forms

from community.models.posts import is_as_read

if TYPE_CHECKING:
    from community.models import Comment, Post


class VersionForm(forms.Form):
    """Pages write `version` themselves, as the text is now."""

    version = forms.CharField(required=False, max_length=60)
    # In the words of the service that looks for it.
    changed: ClassVar[str]

    @property
    def tells_of_change(self) -> bool:
        """Whether it says that another text stands there than was read."""
        return self.changed in self.non_field_errors()

    def say_what_changed(self, text: Post | Comment) -> None:
        """Where the page is shown again for any fault, since it shows the text as it is now."""
        read = self["version"].value() or ""
        if self.errors and not is_as_read(text.version, read) and not self.tells_of_change:
            self.add_error(None, self.changed)
