"""The shape of what members set about following and mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from community.cadences import cadences_of
from community.models import Cadence, Kind
from community.models.following import NO_CADENCE
from community.querysets.posts import may_moderate

if TYPE_CHECKING:
    from accounts.models import User


class WatchForm(forms.Form):
    """Watch, mute, or "": neither any more. Which there are is for the service to say."""

    level = forms.CharField(required=False)


class CadencesForm(forms.Form):
    """How often somebody wants mail, one field for each kind that concerns them."""

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        now = cadences_of(user.pk)
        for kind in kinds_of(user):
            self.fields[kind.value] = forms.ChoiceField(
                label=kind.label,
                choices=Cadence.choices,
                initial=now[kind],
                error_messages={"invalid_choice": NO_CADENCE, "required": NO_CADENCE},
            )


def kinds_of(user: User) -> list[Kind]:
    """What somebody can be told of."""
    return [kind for kind in Kind if kind != Kind.QUEUE or may_moderate(user)]
