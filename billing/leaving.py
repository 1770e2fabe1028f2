"""Why members leave, as they may say it."""

from __future__ import annotations

from django.db import models


class LeavingReason(models.TextChoices):
    PRICE = "price", "It costs too much"
    TIME = "time", "I have no time for it"
    DONE = "done", "I have learned what I wanted"
    CONTENT = "content", "I miss something in the tutorials"
    OTHER_SITE = "other_site", "I learn somewhere else"
    TROUBLE = "trouble", "Something did not work"
    OTHER = "other", "Something else"
