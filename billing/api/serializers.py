"""What members may write about their subscription. Whether there is such a plan, the service says."""

from __future__ import annotations

from billing.models import Interval
from common.api import StrictSerializer, TextField, WholeNumberField


class ChangeSerializer(StrictSerializer):
    plan = TextField(max_length=20)
    interval = TextField(max_length=20, default=Interval.MONTH.value)

    example = {"plan": "premium", "interval": "year"}


class WishSerializer(ChangeSerializer):
    provider = TextField(max_length=20, default="")
    agreed = TextField(max_length=1000, default="", help_text="What a preview gave, for no other sum to be charged.")

    example = {"plan": "premium", "interval": "month", "provider": "stripe"}


class PauseSerializer(StrictSerializer):
    months = WholeNumberField(help_text="1 to 3.")

    example = {"months": 2}
