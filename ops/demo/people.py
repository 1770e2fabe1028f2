"""Who is there: the four demo people, and members who have come one after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import LoginHistory, Profile, Role, User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.services.people import register, set_role
from common.markdown import USER_CONTENT, render
from ops.demo.season import DAY, HOUR, Season, read_data

DEMO_PASSWORD = "how-to-ai-demo"  # noqa: S105 - printed by `up`, exists only where DEBUG is on
# So many were there from the first days on, and began the conversation.
FOUNDERS = 22
# The newest have not confirmed their address yet, and so have said nothing.
UNCONFIRMED = 3
DEVICES = ("Firefox on Windows", "Chrome on Windows", "Chrome on Android", "Safari on iOS", "Safari on macOS")
# Kept for documentation (RFC 5737): nobody's.
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")


@dataclass(frozen=True)
class DemoPerson:
    email: str
    name: str
    role: str
    joined: float  # days ago
    energy: float
    time_zone: str
    bio: str


DEMO_PEOPLE = (
    DemoPerson(
        *("learner@howtoai.example", "Lea Learner", "learner", 81, 1.4, "Europe/Berlin"),
        "I write the minutes of a tenants' association, and learn how to get them done before midnight.",
    ),
    DemoPerson(
        *("author@howtoai.example", "Ada Author", "author", 90, 1.6, "Europe/London"),
        "I write tutorials here. Tell me where they lost you: I would rather know.",
    ),
    DemoPerson(
        *("moderator@howtoai.example", "Mo Moderator", "moderator", 90, 1.5, "Africa/Nairobi"),
        "Moderator. I read what is reported, mostly within a day.",
    ),
    DemoPerson(
        *("admin@howtoai.example", "Alex Admin", "administrator", 90, 0.2, "America/New_York"),
        "I keep this place running.",
    ),
)


@dataclass(frozen=True)
class Member:
    """Somebody of the demo, and how they take part: `energy` is 1 in the middle, `left` when they were seen last."""

    user: User
    joined: datetime
    left: datetime
    zone: str
    energy: float

    @property
    def pk(self) -> int:
        return int(self.user.pk)

    def is_there(self, at: datetime) -> bool:
        return self.joined <= at <= self.left


@dataclass(frozen=True)
class People:
    """All members, those who came first standing first; the four demo people by their roles; and two swindlers."""

    members: list[Member]
    cast: dict[str, Member]
    spammers: list[Member]

    def there(self, at: datetime) -> list[Member]:
        return [member for member in self.members if member.energy and member.is_there(at)]


def make_people(season: Season) -> People:
    """The four first, who can sign in; then all others, who cannot."""
    cast = {person.role: make_demo_person(season, person) for person in DEMO_PEOPLE}
    crowd = make_crowd(season)
    accounts = read_data("moderation.yaml")["accounts"]
    spammers = [
        make_member(season, name, "UTC", season.ago(days), energy=0, left=season.ago(days - 0.2))
        for name, days in accounts.items()
    ]
    everybody = sorted([*crowd, *spammers], key=lambda member: member.joined)
    confirmed = {member.user.email for member in everybody[: len(everybody) - UNCONFIRMED]}
    save(season, everybody, confirmed | {member.user.email for member in spammers})
    members = sorted([*cast.values(), *crowd], key=lambda member: (member.joined, member.pk))
    record_visits(season, [*members, *spammers])
    return People(members, cast, spammers)


def make_demo_person(season: Season, person: DemoPerson) -> Member:
    """By the services, but for the time."""
    user = register(email=person.email, password=DEMO_PASSWORD, name=person.name, confirmed=True)
    set_role(user=user, role=Role(person.role))
    joined = season.ago(person.joined)
    User.objects.filter(pk=user.pk).update(date_joined=joined)
    user.date_joined = joined
    user.profile.bio, user.profile.time_zone = person.bio, person.time_zone
    user.profile.save(update_fields=["bio", "bio_html", "time_zone"])
    return Member(user, joined, season.now, person.time_zone, person.energy)


def make_crowd(season: Season) -> list[Member]:
    """More come from month to month; some go again after a while."""
    names, chance = read_data("people.yaml"), season.chance
    newest = len(names) - UNCONFIRMED
    crowd = []
    for number, (name, zone) in enumerate(chance.sample(list(names.items()), len(names))):
        if number < FOUNDERS:
            joined = season.ago(chance.uniform(83, 89.8))
        elif number < newest:
            joined = season.ago(1 + 84 * (1 - chance.random() ** 0.65))
        else:
            joined = season.ago(chance.uniform(0.05, 0.9))
        stays = number < 12 or chance.random() < 0.68
        left = season.now if stays else min(season.now, joined + DAY * (1 + chance.expovariate(1 / 18)))
        energy = min(4.0, chance.lognormvariate(-0.1, 0.75)) if number < newest else 0.0
        crowd.append(make_member(season, name, zone, joined, energy=energy, left=left))
    return crowd


def make_member(season: Season, name: str, zone: str, joined: datetime, *, energy: float, left: datetime) -> Member:
    """Not stored yet. Nobody can sign in as one of these."""
    joined = min(season.in_waking_hours(joined, zone), season.now)
    handle = next(User.objects.handles_for(name))
    user = User(email=f"{handle}@members.example", name=name, password=make_password(None), date_joined=joined)
    return Member(user, joined, max(left, joined), zone, energy)


def save(season: Season, members: list[Member], confirmed: set[str]) -> None:
    """What signing up makes: the person, the role, the profile, and the address."""
    users = User.objects.bulk_create([member.user for member in members])
    learners = Group.objects.get_or_create(name=Role.LEARNER)[0]
    User.groups.through.objects.bulk_create(User.groups.through(user=user, group=learners) for user in users)
    known = read_data("notes.yaml")["biographies"]
    biographies = iter(season.chance.sample(known, len(known)))
    profiles = []
    for member in members:
        bio = next(biographies, "") if member.energy and season.chance.random() < 0.4 else ""
        profiles.append(
            Profile(
                user=member.user,
                handle=next(User.objects.handles_for(member.user.name)),
                bio=bio,
                bio_html=render(bio, link_rel=USER_CONTENT).html,
                time_zone=member.zone,
            )
        )
    Profile.objects.bulk_create(profiles)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True, verified=user.email in confirmed) for user in users
    )


def record_visits(season: Season, members: list[Member]) -> None:
    """Everybody signs up, and signs in anew every week or so, from one or two devices of theirs."""
    chance = season.chance
    rows: list[LoginHistory] = []
    for member in members:
        devices = chance.sample(DEVICES, k=chance.choice((1, 1, 2)))
        address = f"{chance.choice(NETWORKS)}.{chance.randint(1, 254)}"
        at, event = member.joined, Event.SIGN_UP
        while at <= min(member.left, season.now):
            fields: dict[str, Any] = {"door": Door.PAGE, "device": chance.choice(devices), "address": address}
            rows.append(LoginHistory(user=member.user, event=event, at=at, **fields))
            member.user.last_login = at
            at = season.in_waking_hours(at + 8 * HOUR + DAY * chance.expovariate(1 / 6), member.zone)
            event = Event.LOGIN
    LoginHistory.objects.bulk_create(sorted(rows, key=lambda row: row.at))
    User.objects.bulk_update([member.user for member in members], ["last_login"])
