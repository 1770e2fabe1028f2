"""dj-stripe as tables for a copy of what Stripe says, and nothing else."""

from __future__ import annotations

from djstripe.apps import DjstripeAppConfig


class StripeMirrorConfig(DjstripeAppConfig):
    # As staff read it above the list of its tables.
    verbose_name = "Copies of Stripe's objects"

    def ready(self) -> None:
        """Leave out what dj-stripe does by itself.

        Its system checks ask the database at every command, its handlers would answer events that have another way in
        here, and it gives the objects of Stripe's library methods that hide their attributes, such as `items`.
        """
