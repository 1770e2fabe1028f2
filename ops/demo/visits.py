"""Who looked at what: the visits of strangers, and those in which members did what the rest of the demo tells of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from analytics.countries import country_of
from analytics.days import day_of
from analytics.events import NOBODY_KNOWN, AudienceOf, Event, Name, Tier
from analytics.models import Funnel, Goal, Journey, Note, SavedMetric
from analytics.services.loading import load_events
from analytics.services.rolling_up import rebuild
from billing.models import Invoice, InvoiceStatus, State, SubscriptionTransition
from billing.services.counting import WORDS
from common.identities import LOWER, UPPER, VARIANT, VERSION
from community.models import Comment, Like, Post
from ops.demo.people import Member, People
from ops.demo.season import DAY, HOUR, LENGTH, MINUTE, Season, read_data
from tutorials.models import Tutorial, TutorialProgress

SIGN_UP_PAGE = "/accounts/signup/"
PLACES = ("/", "/tutorials/", "/community/", "/pricing/", "/search/", "/tracks/")
PLACES_WEIGHTS = (22, 30, 18, 9, 8, 5)
# Strangers of a day, in the beginning and at the end; fewer on Saturdays and Sundays.
FIRST_STRANGERS, LAST_STRANGERS, AT_WEEKENDS = 34, 120, 0.62
NEWS_HOUR = 15
LEAVES_AT_ONCE = 0.42
# Members who do several things within this do them in one visit.
ONE_VISIT = timedelta(minutes=25)
MOST_REPORTS = 6  # of progress in one tutorial
READ_AT_ONCE = 150  # seconds


@dataclass(frozen=True)
class Visitor:
    """Somebody on one day."""

    visitor: int
    user: int | None
    audience: AudienceOf


def make_visits(season: Season, people: People) -> None:
    """Raises analytics' Busy if somebody else is counting."""
    data = read_data("visits.yaml")
    diary = Diary(season, data)
    Strangers(diary).come()
    Members(diary, people).come()
    diary.keep_out()
    Goal.objects.bulk_create(Goal(**goal) for goal in data["goals"])
    Funnel.objects.bulk_create(Funnel(**funnel) for funnel in data["funnels"])
    Journey.objects.bulk_create(Journey(**journey) for journey in data["journeys"])
    Note.objects.bulk_create(Note(day=day_of(season.ago(days)), text=text) for days, text in data["notes"].items())
    SavedMetric.objects.bulk_create(SavedMetric(**metric) for metric in data["metrics"])
    load_events(sorted(diary.events, key=lambda event: event.id.int))
    for _ in rebuild(day_of(season.start), day_of(season.now), season.now):
        pass


class Diary:
    """Everything that happened, and the chance by which it did."""

    def __init__(self, season: Season, data: dict[str, Any]) -> None:
        self.season, self.data, self.chance = season, data, season.chance
        self.events: list[Event] = []
        self.visitors = 0
        self.tutorials = [tutorial.get_absolute_url() for tutorial in tutorials_by_age()]
        self.posts = [f"/community/posts/{post}/" for post in Post.objects.order_by("pk").values_list("pk", flat=True)]

    def note(self, at: datetime, who: Visitor | None, name: Name, subject: str, **fields: Any) -> None:
        """Nothing is noted of what lies ahead, or before the season."""
        if self.season.start <= at <= self.season.now:
            user, visitor, audience = (who.user, who.visitor, who.audience) if who else (None, None, NOBODY_KNOWN)
            known = Event(name.value, subject, user, visitor, audience, id=self.id_at(at))
            self.events.append(replace(known, **fields))

    def id_at(self, at: datetime) -> UUID:
        """The same in each demo."""
        upper, lower = self.chance.getrandbits(UPPER), self.chance.getrandbits(LOWER)
        return UUID(int=int(at.timestamp() * 1000) << 80 | VERSION | upper << 64 | VARIANT | lower)

    def somebody(
        self, *, user: int | None = None, tier: Tier = Tier.VISITOR, country: str = "", looks: str = ""
    ) -> Visitor:
        device, browser, system = (looks or self.one_of("browsers")).split(" ", 2)
        self.visitors += 1
        return Visitor(-self.visitors, user, AudienceOf(tier.value, country, device, browser, system))

    def one_of(self, what: str) -> str:
        return str(self.chance.choices([*self.data[what]], weights=self.data[what].values())[0])

    def look(
        self, at: datetime, who: Visitor, path: str, *, seconds: float, source: str = "", **properties: str
    ) -> datetime:
        """At a page, for some seconds; returns when they leave it."""
        told = {name: value for name, value in properties.items() if value}
        self.note(at, who, Name.PAGE_VIEW, path, source=source, properties=told)
        slow = 1.7 if who.audience.device == "phone" else 1.0
        speed = {
            "lcp": round(slow * self.chance.lognormvariate(6.9, 0.45)),
            "inp": round(slow * self.chance.lognormvariate(4.1, 0.5)),
            "cls": round(self.chance.expovariate(30), 3),
        }
        left = at + timedelta(seconds=seconds + 1)
        attention = {"seconds": round(seconds * self.chance.uniform(0.6, 1)), "scroll": round(self.chance.random(), 2)}
        self.note(left, who, Name.PAGE_LEFT, path, properties=attention | speed)
        return left + timedelta(seconds=self.chance.uniform(0.5, 4))

    def page(self) -> str:
        """Where one may go next: the older tutorials are better known."""
        kind = self.chance.random()
        if kind < 0.4 and self.tutorials:
            return self.tutorials[int(len(self.tutorials) * self.chance.random() ** 1.7)]
        if kind < 0.55 and self.posts:
            return self.chance.choice(self.posts)
        return self.chance.choices(PLACES, weights=PLACES_WEIGHTS)[0]

    def keep_out(self) -> None:
        for number in range(LENGTH.days):
            at = self.season.start + number * DAY + 12 * HOUR
            for reason, usual in self.data["kept_out"].items():
                count = round(usual * self.chance.uniform(0.8, 1.2))
                self.note(at, None, Name.KEPT_OUT, reason, properties={"count": count})


class Strangers:
    """More come from week to week, and fewer at weekends; and many at once when something was told of us."""

    def __init__(self, diary: Diary) -> None:
        self.diary, self.chance, self.season = diary, diary.chance, diary.season

    def come(self) -> None:
        for number in range(LENGTH.days + 1):
            day = self.season.start + number * DAY
            usual = FIRST_STRANGERS + (LAST_STRANGERS - FIRST_STRANGERS) * (number / LENGTH.days) ** 1.4
            if day.weekday() >= 5:
                usual *= AT_WEEKENDS
            for _ in range(round(usual * self.chance.uniform(0.88, 1.12))):
                self.visit(self.at_some_time(day), source=self.diary.one_of("sources"), page=self.diary.page())
        for campaign in self.diary.data["campaigns"]:
            self.follow(campaign)

    def at_some_time(self, day: datetime) -> datetime:
        """Most in the afternoon (UTC)."""
        hour = min(max(self.chance.gauss(NEWS_HOUR, 4.5), 0), 23.9)
        return day.replace(hour=0, minute=0, second=0) + hour * HOUR

    def follow(self, campaign: dict[str, Any]) -> None:
        first = self.diary.tutorials[0] if self.diary.tutorials else "/tutorials/"
        told = {name: campaign[name] for name in ("source", "medium", "campaign")}
        # Each letter brings as many; all else is forgotten from day to day.
        fades = 1 if campaign["medium"] == "email" else 0.8
        for place, days in enumerate(campaign["days"]):
            for _ in range(round(campaign["visits"] * fades**place)):
                at = self.at_some_time(self.season.ago(days))
                self.visit(at, page=campaign["page"].format(tutorial=first), **told)

    def visit(self, at: datetime, *, source: str, page: str, medium: str = "", campaign: str = "") -> None:
        who = self.diary.somebody(country=self.diary.one_of("countries"))
        told = {"source": source, "medium": medium, "campaign": campaign}
        if self.chance.random() < LEAVES_AT_ONCE:
            self.diary.look(at, who, page, seconds=self.chance.uniform(1, 9), **told)
            return
        at = self.diary.look(at, who, page, seconds=self.chance.expovariate(1 / 70), **told)
        for _ in range(min(int(self.chance.expovariate(1 / 2.2)), 12)):
            at = self.diary.look(at, who, self.diary.page(), seconds=self.chance.expovariate(1 / 55))
        if self.chance.random() < 0.05:
            # Many look at the form, and few fill it in.
            self.diary.look(at, who, SIGN_UP_PAGE, seconds=self.chance.uniform(4, 30))


@dataclass(frozen=True)
class Deed:
    """What a member did at a time: on which page, and what is told of it."""

    at: datetime
    page: str
    name: Name | None = None
    subject: str = ""
    properties: dict[str, Any] | None = None


class Members:
    """Each of their deeds lies in a visit; a day has its browser, and mostly the same."""

    def __init__(self, diary: Diary, people: People) -> None:
        self.diary, self.chance, self.people = diary, diary.chance, people
        self.deeds: defaultdict[int, list[Deed]] = defaultdict(list)

    def come(self) -> None:
        self.learn()
        self.talk()
        premium = self.pay()
        for member in self.people.members:
            if member.user.is_staff:
                # They are kept out.
                continue
            looks = [self.diary.one_of("browsers"), self.diary.one_of("browsers")]
            self.sign_up(member, looks[0])
            deeds = sorted(self.deeds[member.pk], key=lambda deed: deed.at)
            for visit in visits_of(deeds):
                look = looks[self.chance.random() < 0.2]
                self.visit(member, visit, look, premium.get(member.pk))

    def sign_up(self, member: Member, looks: str) -> None:
        """By way of a page or two, which somebody looked at who was not known yet."""
        at = member.joined - self.chance.uniform(4, 12) * MINUTE
        country = country_of(member.zone)
        who = self.diary.somebody(country=country, looks=looks)
        source = self.diary.one_of("sources")
        at = self.diary.look(at, who, self.diary.page(), seconds=self.chance.uniform(30, 90), source=source)
        at = self.diary.look(at, who, SIGN_UP_PAGE, seconds=self.chance.uniform(20, 50))
        audience = who.audience._replace(tier=Tier.FREE.value)
        self.diary.note(at, Visitor(who.visitor, member.pk, audience), Name.SIGN_UP, "")

    def visit(self, member: Member, deeds: Sequence[Deed], looks: str, premium: datetime | None) -> None:
        first = deeds[0].at
        tier = Tier.PREMIUM if premium and premium <= first else Tier.FREE
        who = self.diary.somebody(user=member.pk, tier=tier, country=country_of(member.zone), looks=looks)
        begun = first - self.chance.uniform(0.5, 3) * MINUTE
        source = self.diary.one_of("sources") if self.chance.random() < 0.3 else ""
        self.diary.look(
            max(begun, member.joined), who, self.diary.page(), seconds=self.chance.uniform(5, 25), source=source
        )
        if self.chance.random() < 0.2:
            found = {"place": "site", "query_length": self.chance.randint(4, 30)}
            self.diary.note(first - 20 * MINUTE / 60, who, Name.FEATURE, "search", properties=found)
        page = ""
        for deed in deeds:
            if deed.page != page:
                page = deed.page
                seconds = self.chance.uniform(20, 140)
                self.diary.look(deed.at - timedelta(seconds=2), who, page, seconds=seconds)
            if deed.name is not None:
                self.diary.note(deed.at, who, deed.name, deed.subject, properties=deed.properties or {})

    def learn(self) -> None:
        for progress in TutorialProgress.objects.select_related("tutorial").order_by("pk"):
            self.read(progress)

    def read(self, progress: TutorialProgress) -> None:
        """In some steps from the first to the last, of which that is known only."""
        tutorial = progress.tutorial
        until = max(progress.completed_at or progress.moved_at, progress.started_at)
        steps = max(1, min(MOST_REPORTS, progress.seconds // READ_AT_ONCE))
        blocks = [""] + [block["id"] for block in tutorial.blocks]
        before, spent = 0.0, 0
        for step in range(1, steps + 1):
            fraction = progress.fraction * step / steps
            total = progress.seconds * step // steps
            told = {
                "fraction": round(fraction, 4),
                "before": round(before, 4),
                "seconds": total - spent,
                "total": total,
                "started": step == 1,
                "block": blocks[min(int(fraction * len(blocks)), len(blocks) - 1)],
            }
            at = progress.started_at + (until - progress.started_at) * (step / steps)
            page = tutorial.get_absolute_url()
            self.deeds[progress.user_id].append(Deed(at, page, Name.TUTORIAL_PROGRESS, tutorial.slug, told))
            before, spent = fraction, total

    def talk(self) -> None:
        for post in Post.objects.select_related("category").order_by("pk"):
            self.say(post.author_id, post.created_at, post.pk, "post", post.category.slug)
        for comment in Comment.objects.select_related("post__category").order_by("pk"):
            self.say(comment.author_id, comment.created_at, comment.post_id, "comment", comment.post.category.slug)
        for like in Like.objects.select_related("comment").order_by("pk"):
            post_id = like.post_id or (like.comment.post_id if like.comment else None)
            self.say(like.user_id, like.created_at, post_id, "like", "")

    def say(self, person: int | None, at: datetime, post: int | None, deed: str, category: str) -> None:
        if person is not None and post is not None:
            page = f"/community/posts/{post}/"
            told = {"post": post} | ({"category": category} if category else {})
            self.deeds[person].append(Deed(at, page, Name.ENGAGEMENT, deed, told))

    def pay(self) -> dict[int, datetime]:
        """What became of subscriptions; returns since when who was Premium. They looked at the prices before."""
        premium: dict[int, datetime] = {}
        steps = SubscriptionTransition.objects.select_related("subscription", "price__plan").order_by("at", "pk")
        for step in steps:
            user = step.subscription.user_id
            if user is None or (step.from_state == State.INCOMPLETE and step.to_state == State.ENDED):
                continue
            if step.from_state == State.INCOMPLETE:
                premium.setdefault(user, step.at)
                self.deeds[user].append(Deed(step.at - 5 * MINUTE, "/pricing/"))
            self.tell(user, step.at, WORDS[step.name], step.price, step.price.amount)
        renewals = Invoice.objects.filter(status=InvoiceStatus.PAID, subscription__isnull=False)
        seen: set[Any] = set()
        for invoice in renewals.select_related("subscription__price__plan").order_by("issued_at", "pk"):
            subscription = invoice.subscription
            if subscription is not None and subscription.user_id is not None:
                if subscription.pk in seen:
                    self.tell(
                        subscription.user_id, invoice.issued_at, "renewed", subscription.price, invoice.amount_paid
                    )
                seen.add(subscription.pk)
        return premium

    def tell(self, user: int, at: datetime, what: str, price: Any, amount: int) -> None:
        """By the server, which knows of nobody's browser."""
        told = {"plan": price.plan.code, "interval": price.interval, "amount": amount, "currency": price.currency}
        event = Event(Name.SUBSCRIPTION.value, what, user_id=user, id=self.diary.id_at(at), properties=told)
        if self.diary.season.start <= at <= self.diary.season.now:
            self.diary.events.append(event)


def visits_of(deeds: Sequence[Deed]) -> list[list[Deed]]:
    """Parts of what somebody did, in order, with longer pauses between them."""
    visits: list[list[Deed]] = []
    for deed in deeds:
        if not visits or deed.at - visits[-1][-1].at >= ONE_VISIT:
            visits.append([])
        visits[-1].append(deed)
    return visits


def tutorials_by_age() -> Sequence[Tutorial]:
    return list(Tutorial.objects.published().order_by("published_at", "pk"))
