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
from pathlib import Path
from threading import Barrier

from pages import measure
from server import ROOT, Served, connect, manage, served

COUNTS = (10_000, 1_000_000)
COMMENTS_A_POST = 5
LIKERS = 200
LISTS = (
    *("/community/", "/community/?order=newest", "/community/?order=top", "/community/?order=unanswered"),
    *("/community/c/prompting/", "/community/c/prompting/?order=top", "/community/?type=show_and_tell"),
    *("/community/tags/tag-0/", "/community/tags/tag-0/?order=top", "/community/tags/tag-0/?order=unanswered"),
    *("/community/tags/tag-199/", "/community/?author=loaded-0", "/community/?tutorial=retrieval-from-scratch"),
    *("/api/posts", "/api/posts?order=top", "/api/posts?tag=tag-0&order=newest"),
)
SEARCHES = (
    "/search/?q=text",
    "/search/?q=quokka",
    "/api/posts?q=every+reply",
    "/community/similar/?title=write+a+prompt",
)
PREPARE = """
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
client = Client()
client.force_login(user)
open_ones = Post.objects.published().filter(category__access="free")
thread = open_ones.filter(comments_count__gte=50).order_by("comments_count", "pk").first()
print(json.dumps({
    "cookie": settings.SESSION_COOKIE_NAME + "=" + client.cookies[settings.SESSION_COOKIE_NAME].value,
    "thread": thread.get_absolute_url(),
    "comments": f"/api/posts/{thread.pk}/comments",
}))
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
print(json.dumps({{"post": post.pk, "bearers": [issue_tokens(session).access for session in sessions]}}))
"""
POSTS = "from community.models import Post; print(Post.objects.count())"
LIKED = """
from community.models import Like, Post, Standing
post = Post.objects.get(pk={post})
print(post.likes_count, Like.objects.filter(post=post).count())
"""


def main() -> None:
    asked = asked_for()
    counts: list[int] = asked.counts
    pages: dict[int, dict[str, float]] = {}
    searches: dict[int, dict[str, float]] = {}
    for count in counts:
        with served(workers=2, kept=asked.kept if count == counts[-1] else None) as platform:
            if not (there := int(manage(platform, POSTS))):
                began = time.monotonic()
                load(platform, count)
                print(f"{count} posts loaded in {time.monotonic() - began:.0f} s", flush=True)
            elif there != count:
                sys.exit(f"In {asked.kept} there are {there} posts, not {count}.")
            pages[count] = time_pages(platform)
            searches[count] = json.loads(run(platform, "benchmarks/discussing_times.py"))
            if count == counts[-1]:
                like_at_once(platform)
    report("median to the first byte", pages)
    report("search, median", searches)


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


def time_pages(platform: Served) -> dict[str, float]:
    prepared = json.loads(manage(platform, PREPARE))
    as_member = {"Cookie": prepared["cookie"]}
    times = {address: middle(platform, address) for address in (*LISTS, *SEARCHES)}
    times |= {f"{address} (a member)": middle(platform, address, as_member) for address in LISTS[:4]}
    times["a thread of 50 comments"] = middle(platform, prepared["thread"])
    times["a thread of 50 comments (a member)"] = middle(platform, prepared["thread"], as_member)
    times["its comments at the API"] = middle(platform, prepared["comments"])
    return times


def middle(platform: Served, address: str, headers: dict[str, str] | None = None) -> float:
    return statistics.median(measure(platform.port, address, headers)[0])


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


def report(what: str, measured: dict[int, dict[str, float]]) -> None:
    counts = list(measured)
    print(f"\n{what + ', ms':50}" + "".join(f"{count:>11,}" for count in counts) + f"{'ratio':>8}")
    for name in measured[counts[0]]:
        times = [measured[count][name] for count in counts]
        print(f"{name:50}" + "".join(f"{time:11.1f}" for time in times) + f"{times[-1] / times[0]:8.2f}")


def run(platform: Served, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=platform.environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
