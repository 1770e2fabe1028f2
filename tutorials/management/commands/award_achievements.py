"""Give out what is due: achievements that time earns, and whatever was missed."""

from typing import Any

from django.core.management.base import BaseCommand

from tutorials.models import Achievement, Track, TrackCompletion
from tutorials.services.awarding import award_to_all, certify, complete_track_for_all


class Command(BaseCommand):
    help = "Note finished tracks, and give out certificates and achievements that people lack; for every day."

    def handle(self, *args: Any, **options: Any) -> None:
        # First, so that those below are counted once; of tracks that are no longer published, too.
        certificates = certify(TrackCompletion.objects.all())
        tracks = sum(complete_track_for_all(track=track) for track in Track.objects.published())
        awards = sum(award_to_all(achievement=each) for each in Achievement.objects.filter(is_active=True))
        self.stdout.write(
            f"{tracks} finished tracks noted, {certificates} certificates of earlier ones, {awards} achievements given."
        )
