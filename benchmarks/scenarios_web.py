"""Scenarios that are requests: 1 to 7 and 11 of the note; and how the reads among them grow."""

from __future__ import annotations

import json
import random
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from contest import Goal, Noted, Side, asker, pgbench, reader
from cpu import page_of
from discussing import LIKERS_READY, load, run
from events import an_event, running
from load import Ask, Request
from pages import measure as time_page
from server import Served, manage, served
from sides import LIST, TOPICS, TUTORIAL
from table import DJANGO, FASTAPI, NEXT, Contest, Setting

OURS, ASGI, WSGI, POSTGRESQL = "the platform", "bare ASGI", "bare WSGI", "PostgreSQL alone"
FREE = """
import json
from community.models import Post
from tutorials.models import Tutorial
posts = Post.objects.published().filter(category__access="free")
print(json.dumps({
    "tutorials": list(Tutorial.objects.published().filter(access="free").values_list("slug", flat=True)),
    "posts": list(posts.exclude(author_id__in=PEOPLE).values_list("pk", flat=True)),
}))
"""
GROWN_POSTS, GROWN_TUTORIALS = 50_000, 20_000
MOST_GROWTH, TURNS = 1.2, 5
# The deepest page of each list; and the thread that both have.
DEEP = """
import json
from common.paging import NEXT, make_cursor
from community.models import Post
from community.querysets.listing import KEYS, LATEST
from tutorials.models import Tutorial
from tutorials.querysets.tutorials import NEWEST_FIRST
tutorial = Tutorial.objects.published().order_by("published_at", "pk").values("id", "published_at")[25]
post = Post.objects.published().filter(category__access="free").order_by("active_at", "pk").values()[25]
thread = Post.objects.published().filter(category__access="free", comments_count__gte=50)
thread = thread.order_by("comments_count", "pk").first()
print(json.dumps({
    "tutorials": make_cursor(NEXT, tutorial, NEWEST_FIRST),
    "posts": make_cursor(NEXT, post, KEYS[LATEST]),
    "thread": thread.get_absolute_url(),
    "comments": f"/api/posts/{thread.pk}/comments?page_size=50",
}))
"""

GROWING_PAGES = (
    (1, "the first page of tutorials", LIST),
    (1, "the last page of tutorials", LIST + "?cursor={tutorials}"),
    (2, "50 comments", "{comments}"),
    (3, "a tutorial's page", TUTORIAL),
    (5, "a thread's page", "{thread}"),
    (6, "the first page of topics", TOPICS),
    (6, "the last page of topics", TOPICS + "?cursor={posts}"),
)
GROWING = {number for number, _, _ in GROWING_PAGES}


def with_clients(*times: float) -> dict[int, float]:
    """Of the note's table: with 1, 8 and 32 clients."""
    return dict(zip((1, 8, 32), times, strict=True))


def always(goal: float) -> dict[int, float]:
    return with_clients(goal, goal, goal)


def peers(setting: Setting, *paths: str) -> list[Side]:
    """Those that answer at the same paths."""
    return [reader(name, port, *paths) for name, port in peers_there(setting)]


def asking_peers(setting: Setting, ask: Ask) -> list[Side]:
    return [asker(name, port, ask) for name, port in peers_there(setting)]


def peers_there(setting: Setting) -> list[tuple[str, int]]:
    sides = setting.sides
    next_prisma = sides.next_prisma.port if sides.next_prisma else None
    there = {DJANGO: sides.plain_django, FASTAPI: sides.fastapi, NEXT: next_prisma}
    return [(name, port) for name, port in there.items() if port is not None]


def next_page(setting: Setting, path: str) -> list[Side]:
    return [reader(NEXT, port, path) for name, port in peers_there(setting) if name == NEXT]


# -- Reading ------------------------------------------------------------------------------------


def tutorials_list(setting: Setting) -> None:
    sides = setting.sides
    setting.measure(
        Contest(
            1,
            "tutorials, JSON",
            [
                reader(OURS, sides.platform.port, LIST),
                reader(ASGI, sides.bare_asgi, LIST),
                pgbench(POSTGRESQL, sides.program, sides.database, sides.scripts[LIST]),
                *peers(setting, LIST),
            ],
            limits={ASGI: 1.5, POSTGRESQL: 2.5},
            ahead={NEXT: with_clients(2.5, 3, 3)},
        )
    )


def post_with_comments(setting: Setting) -> None:
    """Two requests of ours, of which others need one: a post, and its comments."""
    sides = setting.sides
    one, comments = f"/api/posts/{sides.post}", sides.comments
    setting.measure(
        Contest(
            2,
            "a post and 50 comments, JSON",
            [
                reader(OURS, sides.platform.port, one, comments),
                reader(ASGI, sides.bare_asgi, one, comments),
                # All that its comments are found by, the post included.
                pgbench(POSTGRESQL, sides.program, sides.database, sides.scripts[comments.partition("?")[0]]),
                *peers(setting, one),
            ],
            limits={ASGI: 1.5, POSTGRESQL: 2.5},
            ahead={DJANGO: always(6), NEXT: always(3)},
        )
    )


def tutorial_of_member(setting: Setting) -> None:
    setting.measure(
        page(
            *(setting, 3, "a tutorial's page, a member", TUTORIAL),
            of_next=2.5,
            noted=[
                Noted("Wagtail", DJANGO, with_clients(1.6 / 0.48, 1.3 / 0.32, 1.5 / 0.37), always(6)),
                Noted("Ghost", DJANGO, with_clients(1.6 / 0.30, 1.3 / 0.24, 1.5 / 0.30), always(7)),
            ],
        )
    )


def tutorial_of_visitor(setting: Setting) -> None:
    sides = setting.sides
    name, port, path = sides.static
    setting.measure(
        Contest(
            4,
            "a tutorial's page, a visitor",
            [
                reader(OURS, sides.platform.port, TUTORIAL),
                reader(name, port, path),
                reader(DJANGO, sides.plain_django, TUTORIAL),
                # Which keeps it too.
                *next_page(setting, TUTORIAL.replace("/tutorials/", "/kept/")),
            ],
            limits={name: 3},
            ahead={NEXT: {8: 10}},
        )
    )


def thread_of_member(setting: Setting) -> None:
    setting.measure(
        page(
            *(setting, 5, "a thread of 50 comments, a member", setting.sides.thread),
            of_next=6,
            noted=[
                Noted("the best forum", DJANGO, with_clients(0.69 / 0.25, 0.58 / 0.31, 0.45 / 0.14), always(20)),
            ],
        )
    )
    size = len(page_bytes(setting, setting.sides.thread))
    setting.figure(5, "bytes of that page", Goal(size, 50 * 1024))


def topics_of_member(setting: Setting) -> None:
    noted = Noted("the best forum", DJANGO, with_clients(2.8, 2.6 / 1.3, 3.6 / 1.69), always(5))
    setting.measure(page(setting, 6, "the list of topics, a member", TOPICS, noted=[noted]))


def page(
    setting: Setting, number: int, name: str, path: str, *, noted: Sequence[Noted], of_next: float | None = None
) -> Contest:
    sides = setting.sides
    return Contest(
        number,
        name,
        [
            reader(OURS, sides.platform.port, path, headers=sides.cookie),
            reader(WSGI, sides.bare_wsgi, path),
            reader(DJANGO, sides.plain_django, path),
            *next_page(setting, path),
        ],
        limits={WSGI: 2},
        ahead={} if of_next is None else {NEXT: always(of_next)},
        noted=noted,
    )


def page_bytes(setting: Setting, path: str) -> bytes:
    return page_of(setting.sides.platform, path, setting.sides.cookie).encode()


# -- Writing ------------------------------------------------------------------------------------


def one_event(setting: Setting) -> None:
    sides = setting.sides
    with running(sides.platform, sys.executable, "../manage.py", "ingest_events"):
        setting.measure(
            Contest(
                7,
                "one event",
                [
                    asker(OURS, sides.platform.port, an_event),
                    asker(ASGI, sides.bare_asgi, an_event),
                    pgbench(POSTGRESQL, sides.program, sides.database, sides.scripts["event"]),
                    *asking_peers(setting, an_event),
                ],
                limits={ASGI: 1.5, POSTGRESQL: 4},
                ahead={NEXT: always(3)},
                noted=[Noted("Umami", DJANGO, with_clients(6.5, 3.7, 3.0), always(8))],
            )
        )


@dataclass(frozen=True)
class Members:
    """Who may write, by key and by bearer, and what they may write about."""

    people: list[int]
    bearers: list[str]
    tutorials: list[str]
    posts: list[int]

    @classmethod
    def of(cls, platform: Served) -> Members:
        """Their bearers are good for a quarter of an hour or so."""
        ready = json.loads(manage(platform, LIKERS_READY))
        # Nobody likes what they wrote themselves.
        free = json.loads(manage(platform, FREE.replace("PEOPLE", str(ready["people"]))))
        return cls(ready["people"], ready["bearers"], free["tutorials"], free["posts"])

    def learns(self, *, trusted: bool = False) -> Request:
        """Some member comes some way in some tutorial."""
        fraction = round(random.random() * 0.6, 3)  # noqa: S311
        path = f"/api/tutorials/{random.choice(self.tutorials)}/progress"  # noqa: S311
        return self.puts(path, {"fraction": fraction}, trusted=trusted)

    def likes(self, *, trusted: bool = False) -> Request:
        return self.puts(f"/api/posts/{random.choice(self.posts)}/like", {}, trusted=trusted)  # noqa: S311

    def likes_one(self) -> Request:
        return self.puts(f"/api/posts/{self.posts[0]}/like", {}, trusted=False)

    def puts(self, path: str, fields: dict[str, float], *, trusted: bool) -> Request:
        """The platform looks at the bearer; others, who trust, take the person's word for who it is."""
        place = random.randrange(len(self.people))  # noqa: S311
        if trusted:
            headers = {"Content-Type": "application/json"}
            return Request("PUT", path, headers, json.dumps(fields | {"user": self.people[place]}).encode())
        headers = {"Authorization": f"Bearer {self.bearers[place]}", "Content-Type": "application/json"}
        return Request("PUT", path, headers, json.dumps(fields).encode())


def progress_and_likes(setting: Setting) -> None:
    members = Members.of(setting.sides.platform)
    for name, ask in (("progress", members.learns), ("a like", members.likes)):
        trusted = partial(ask, trusted=True)
        sides = [asker(OURS, setting.sides.platform.port, ask), asker(ASGI, setting.sides.bare_asgi, trusted)]
        everybody = [*sides, *asking_peers(setting, trusted)]
        setting.measure(Contest(11, name, everybody, limits={ASGI: 2}, ahead={NEXT: always(2.3)}))
    with_one = asker(OURS, setting.sides.platform.port, members.likes_one).press(32, setting.seconds)
    setting.figure(11, "32 clients who like one post: p99 to p50", Goal(with_one.p99 / with_one.p50, 5))


# -- Growth -------------------------------------------------------------------------------------


def growth(setting: Setting, numbers: Sequence[int]) -> None:
    """The reads of these scenarios among more rows, in turns with those among few."""
    with served(quiet=True) as large:
        run(large, "manage.py", "load_tutorials", str(GROWN_TUTORIALS))
        load(large, GROWN_POSTS)
        deep = {each.port: json.loads(manage(each, DEEP)) for each in (setting.sides.platform, large)}
        for number, name, path in GROWING_PAGES:
            if number not in numbers:
                continue
            middles = [
                [
                    statistics.median(time_page(port, path.format(**deep[port]), warm_up=20, rounds=60)[0])
                    for port in deep
                ]
                for _ in range(TURNS)
            ]
            times = statistics.median(most / fewest for fewest, most in middles)
            more = GROWN_TUTORIALS if "tutorial" in path else GROWN_POSTS
            setting.figure(number, f"{name}: p50 among {more:,}, times that among few", Goal(times, MOST_GROWTH))


def middle_of(port: int, path: str) -> float:
    times, _ = time_page(port, path, warm_up=20, rounds=60)
    return statistics.median(times)
