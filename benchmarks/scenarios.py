"""The sixteen scenarios of `shared/notes/performance.md`: `python benchmarks/scenarios.py [number ...]` prints ratios.

All of them unless told which; `--quick` has short rounds with 8 clients only and leaves out what takes long;
`--profile NUMBER` shows instead what a request of that scenario spends its time on. The platform is the one that is
shipped, under production settings (`server.py`); what it is set beside stands in `sides.py`. Takes up to 25 minutes,
`--quick` three. What the columns mean, and what is left out, is said in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import scenarios_rest as rest
import scenarios_web as web
from contest import Quiet, keep_orphans
from discussing import COUNT, load, run
from events import an_event
from load import Refused, Request, has_wrk
from server import Served, connect, manage, served
from sides import LIST, TOPICS, TUTORIAL, Sides, beside
from table import Setting, print_head

POSTS, TUTORIALS = 2_000, 1_000
ROUNDS, SECONDS, CLIENTS = 4, 1.0, (1, 8, 32)
# Requests; and how many that differ, which a command line has room for.
PROFILED, DIFFERENT = 400, 100
PROFILE = """
import cProfile, io, json, pstats
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
asked = json.loads(ASKED)
chain, factory = WSGIHandler(), RequestFactory(SERVER_NAME="127.0.0.1")
def ask(some):
    for method, path, headers, body in some:
        kind = headers.get("Content-Type", "")
        answer = chain.get_response(factory.generic(method, path, body, content_type=kind, headers=headers))
        assert answer.status_code < 300, (path, answer.status_code, answer.content[:500])
        answer.close()
ask(asked * 2)
profile = cProfile.Profile()
profile.enable()
ask(asked * max(1, TIMES // len(asked)))
profile.disable()
for order in ("cumulative", "tottime"):
    told = io.StringIO()
    pstats.Stats(profile, stream=told).strip_dirs().sort_stats(order).print_stats(30)
    print(told.getvalue())
"""


@dataclass(frozen=True)
class Scenario:
    measure: Callable[[Setting], None]
    # Requests of it, for --profile, which asks them again and again.
    asks: Callable[[Sides], Sequence[Request]] | None = None


def same(path: str, *, member: bool = False) -> Callable[[Sides], Sequence[Request]]:
    return lambda sides: [Request("GET", path, sides.cookie if member else {})]


def post_and_comments(sides: Sides) -> Sequence[Request]:
    return [Request("GET", path) for path in (f"/api/posts/{sides.post}", sides.comments)]


def thread(sides: Sides) -> Sequence[Request]:
    return [Request("GET", sides.thread, sides.cookie)]


def events(sides: Sides) -> Sequence[Request]:
    return [an_event() for _ in range(DIFFERENT)]


def progress_and_likes(sides: Sides) -> Sequence[Request]:
    members = web.Members.of(sides.platform)
    return [ask() for _ in range(DIFFERENT // 2) for ask in (members.learns, members.likes)]


SCENARIOS = {
    1: Scenario(web.tutorials_list, same(LIST)),
    2: Scenario(web.post_with_comments, post_and_comments),
    3: Scenario(web.tutorial_of_member, same(TUTORIAL, member=True)),
    4: Scenario(web.tutorial_of_visitor, same(TUTORIAL)),
    5: Scenario(web.thread_of_member, thread),
    6: Scenario(web.topics_of_member, same(TOPICS, member=True)),
    7: Scenario(web.one_event, events),
    8: Scenario(rest.batches),
    9: Scenario(rest.dashboard),
    10: Scenario(rest.storage),
    11: Scenario(web.progress_and_likes, progress_and_likes),
    12: Scenario(rest.login),
    13: Scenario(rest.logging_and_counting),
    14: Scenario(rest.backups),
    15: Scenario(rest.memory),
    16: Scenario(rest.mixed_day),
}


def main() -> None:
    options = asked_for()
    keep_orphans()
    # Each request may come from another address, so that no limit ends the run.
    os.environ["PROXY_COUNT"] = "1"
    with ExitStack() as stack:
        platform = stack.enter_context(served(kept=options.kept, quiet=True))
        fill(platform)
        connect(platform.port).close()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="how-to-ai-sides-")))
        # What nginx serves, it must be able to read.
        folder.chmod(0o711)
        sides = stack.enter_context(beside(platform, folder))
        if options.profile:
            profile(sides, options.profile)
        else:
            measure(sides, options.numbers, quick=options.quick)


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int, metavar="number", help="which scenarios; all unless told")
    parser.add_argument("--quick", action="store_true", help="short rounds, 8 clients, without what takes long")
    profiled = [number for number, each in SCENARIOS.items() if each.asks]
    parser.add_argument("--profile", type=int, choices=profiled, metavar="NUMBER", help="of one of these: %(choices)s")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="where the data stay, to begin sooner next time")
    options = parser.parse_args()
    options.numbers = options.numbers or list(SCENARIOS)
    if unknown := set(options.numbers) - SCENARIOS.keys():
        parser.error(f"there is no scenario {', '.join(map(str, sorted(unknown)))}")
    return options


def fill(platform: Served) -> None:
    if not int(manage(platform, COUNT)):
        load(platform, POSTS)
        run(platform, "manage.py", "load_tutorials", str(TUTORIALS))


def measure(sides: Sides, numbers: Sequence[int], *, quick: bool) -> None:
    begun = time.monotonic()
    setting = Setting(
        sides,
        Quiet(),
        quick=quick,
        rounds=1 if quick else ROUNDS,
        seconds=SECONDS,
        clients=(8,) if quick else CLIENTS,
    )
    print(f"load by {'wrk' if has_wrk() else 'load.py'} for reads and by load.py for the others, {sides.static[0]}")
    print_head()
    for number in numbers:
        measure_or_say(setting, number, SCENARIOS[number].measure)
    if not quick and set(numbers) & web.GROWING:
        measure_or_say(setting, 0, partial(web.growth, numbers=numbers))
    print(f"\n{time.monotonic() - begun:.0f} s. Short of their goals:", *setting.missed or ["none"], sep="\n- ")


def measure_or_say(setting: Setting, number: int, deed: Callable[[Setting], None]) -> None:
    """One that cannot be measured is no reason to lose the others."""
    try:
        deed(setting)
    except Refused as error:
        setting.failed(number, str(error))
    except subprocess.CalledProcessError as error:
        setting.failed(number, str(error.stderr)[-500:])


def profile(sides: Sides, number: int) -> None:
    asks = SCENARIOS[number].asks
    if asks is None:
        raise SystemExit(f"{number} is no request")
    asked = [(each.method, each.path, dict(each.headers), each.body.decode()) for each in asks(sides)]
    code = PROFILE.replace("TIMES", str(PROFILED)).replace("ASKED", repr(json.dumps(asked)))
    print(manage(sides.platform, code))


if __name__ == "__main__":
    main()
