"""Time a community of 10,000 and one of 1,000,000 posts, with five comments each.

Pages and the API are timed to the first byte, warm, under production settings; searches within a process. At the end
two hundred people like one post at once. The million takes a quarter of an hour to load; with --kept it is loaded once.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

from pages import measure
from server import ROOT, Served, connect, manage, served

# The address and the headers of a request; name of a page → for each turn, the milliseconds of each platform.
Page = tuple[str, dict[str, str]]
Measured = dict[str, list[tuple[float, ...]]]
TURNS = 5
COUNTS = (10_000, 1_000_000)
COMMENTS_A_POST = 5
LIKERS = 200
LISTS = (
    *("/community/", "/community/?order=newest", "/community/?order=top", "/community/?order=unanswered"),
    *("/community/c/prompting/", "/community/c/prompting/?order=top", "/community/?type=show_and_tell"),
    *("/community/tags/tag-0/", "/community/tags/tag-0/?order=top", "/community/tags/tag-0/?order=unanswered"),
    *("/community/tags/tag-100/", "/community/?author=loaded-0", "/community/?tutorial=retrieval-from-scratch"),
    *("/api/posts", "/api/posts?order=top", "/api/posts?tag=tag-0&order=newest"),
    "/api/posts?tag=tag-0&order=top&page_size=5",
)
SEARCHES = (
    "/search/?q=text",
    "/search/?q=quokka",
    "/api/posts?q=every+reply",
    "/community/similar/?title=write+a+prompt",
)
# A member, and an open thread of fifty comments.
READER = """
import json
from django.conf import settings
from django.test import Client
from accounts.models import User
from accounts.services.people import register
from community.models import Post
email = "bench@howtoai.example"
user = User.objects.filter(email=email).first() or register(
    email=email, password="correct horse battery staple", confirmed=True
)
client = Client(SERVER_NAME="127.0.0.1")
client.force_login(user)
open_ones = Post.objects.published().filter(category__access="free")
thread = open_ones.filter(comments_count__gte=50).order_by("comments_count", "pk").first()
"""
PREPARE = f"""{READER}
# What a browser that has been here before sends.
names = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
client.get("/community/new/")
print(json.dumps({{
    "cookie": "; ".join(f"{{name}}={{client.cookies[name].value}}" for name in names),
    "thread": thread.get_absolute_url(),
    "comments": f"/api/posts/{{thread.pk}}/comments",
}}))
"""
# Two hundred members whose addresses are confirmed, with a bearer each, and a post of somebody else.
LIKERS_READY = f"""
import json
from allauth.account.models import EmailAddress
from accounts.models import User
from accounts.models.history import Event
from accounts.models.sessions import Door
from accounts.services.sessions import issue_tokens, start
from accounts.visits import Visit
from community.models import Post
post = Post.objects.published().filter(category__access="free", likes_count=0).exclude(author=None).first()
people = list(User.objects.filter(email__startswith="loaded-").exclude(pk=post.author_id)[:{LIKERS}])
addresses = [EmailAddress(user=person, email=person.email, primary=True, verified=True) for person in people]
EmailAddress.objects.bulk_create(addresses, ignore_conflicts=True)
visit = Visit(Door.API)
sessions = [start(user=person, visit=visit, event=Event.SIGN_UP) for person in people]
bearers = [issue_tokens(session).access for session in sessions]
print(json.dumps({{"post": post.pk, "people": [person.pk for person in people], "bearers": bearers}}))
"""
COUNT = "from community.models import Post; print(Post.objects.count())"
LIKED = """
from community.models import Like, Post, Standing
post = Post.objects.get(pk={post})
print(post.likes_count, Like.objects.filter(post=post).count())
"""


def main() -> None:
    asked = asked_for()
    counts: list[int] = asked.counts
    with ExitStack() as stack:
        platforms = {
            count: stack.enter_context(served(workers=2, kept=asked.kept if count == counts[-1] else None))
            for count in counts
        }
        for count, platform in platforms.items():
            fill(platform, count, kept=asked.kept)
        report("median to the first byte", time_pages(platforms))
        report("search, median", time_searches(platforms))
        like_at_once(platforms[counts[-1]])


def fill(platform: Served, count: int, *, kept: Path | None) -> None:
    if not (there := int(manage(platform, COUNT))):
        began = time.monotonic()
        load(platform, count)
        print(f"{count} posts loaded in {time.monotonic() - began:.0f} s", flush=True)
    elif there != count:
        sys.exit(f"In {kept} there are {there} posts, not {count}.")


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=list(COUNTS), help="how many posts, the fewest first")
    parser.add_argument(
        "--kept",
        type=Path,
        metavar="FOLDER",
        help="where the data of the last count stay; those that are there already are used",
    )
    return parser.parse_args()


def load(platform: Served, count: int) -> None:
    run(platform, "manage.py", "load_community", "--yes", f"--posts={count}", f"--comments={count * COMMENTS_A_POST}")


def time_pages(platforms: dict[int, Served]) -> Measured:
    """The platforms take turns at each address, so that what else the machine does meets all of them."""
    prepared = {count: json.loads(manage(platform, PREPARE)) for count, platform in platforms.items()}
    member = {count: {"Cookie": each["cookie"]} for count, each in prepared.items()}
    pages: dict[str, dict[int, Page]] = {
        address: dict.fromkeys(prepared, (address, {})) for address in (*LISTS, *SEARCHES)
    }
    for address in LISTS[:4]:
        pages[f"{address} (a member)"] = {count: (address, member[count]) for count in prepared}
    threads = {count: each["thread"] for count, each in prepared.items()}
    pages["a thread of 50 comments"] = {count: (thread, {}) for count, thread in threads.items()}
    pages["a thread of 50 comments (a member)"] = {count: (thread, member[count]) for count, thread in threads.items()}
    pages["its comments at the API"] = {count: (each["comments"], {}) for count, each in prepared.items()}
    return {name: in_turns(platforms, page) for name, page in pages.items()}


def in_turns(platforms: dict[int, Served], page: dict[int, Page]) -> list[tuple[float, ...]]:
    """The median of each platform, by turn."""
    return [
        tuple(
            statistics.median(measure(platform.port, *page[count], warm_up=10, rounds=40)[0])
            for count, platform in platforms.items()
        )
        for _ in range(TURNS)
    ]


def time_searches(platforms: dict[int, Served]) -> Measured:
    times = [json.loads(run(platform, "benchmarks/discussing_times.py")) for platform in platforms.values()]
    return {name: [tuple(each[name] for each in times)] for name in times[0]}


def like_at_once(platform: Served) -> None:
    """Two hundred people like one post at the same moment: two hundred likes must stand there, and be counted."""
    ready = json.loads(manage(platform, LIKERS_READY))
    together = Barrier(LIKERS)

    def like(bearer: str) -> tuple[int, float]:
        connection = connect(platform.port)
        together.wait()
        began = time.perf_counter()
        connection.request("PUT", f"/api/posts/{ready['post']}/like", headers={"Authorization": f"Bearer {bearer}"})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, time.perf_counter() - began

    with ThreadPoolExecutor(LIKERS) as pool:
        answers = list(pool.map(like, ready["bearers"]))
    counted, rows = manage(platform, LIKED.format(post=ready["post"])).split()
    slowest = max(seconds for _, seconds in answers)
    statuses = dict(Counter(status for status, _ in answers))
    print(
        f"{LIKERS} likes at once: statuses {statuses}, {counted} counted, {rows} rows, the last after {slowest:.1f} s"
    )


def report(what: str, measured: Measured) -> None:
    """The ratio is that of the last count to the first, the median of the turns."""
    print(f"\n{what + ', ms':50} fewest     most   ratio")
    for name, turns in measured.items():
        fewest, most = (statistics.median(turn[place] for turn in turns) for place in (0, -1))
        ratio = statistics.median(turn[-1] / turn[0] for turn in turns)
        print(f"{name:50}{fewest:7.1f} {most:8.1f} {ratio:7.2f}", flush=True)


def run(platform: Served, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=platform.environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
