"""What a profile shows of somebody's learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.profile_sections import ProfileSection, register
from tutorials.models import Award, Certificate, Learner, TrackCompletion, TutorialProgress
from tutorials.services.progress import day_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import Profile, User


def learning(profile: Profile, to: User | AnonymousUser) -> dict[str, Any] | None:
    """Achievements with their dates, certificates, and the streak; if this person lets them be seen."""
    if not profile.shows("learning", to=to):
        return None
    learner = Learner.objects.filter(user=profile.user_id).first()
    content = {
        "awards": list(Award.objects.of(profile.user)),
        "certificates": list(Certificate.objects.of(profile.user).standing()),
        "tracks": list(
            # Those that nobody has given the certificate of yet.
            TrackCompletion.objects.filter(user=profile.user_id, track__is_published=True)
            .without_certificate()
            .select_related("track")
            .order_by("-completed_at")
        ),
        "finished": TutorialProgress.objects.of(profile.user).finished().count(),
        "streak": learner.streak_on(day_of(profile.user)) if learner else 0,
        "longest_streak": learner.longest_streak if learner else 0,
    }
    return content if any(content.values()) or to.pk == profile.user_id else None


register(ProfileSection("tutorials/_profile_learning.html", learning))
