"""What PostgreSQL and our own code need for each kind of search, as JSON. benchmarks/discussing.py runs it."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from server import ROOT

# Words of our own tutorials are frequent in what load_community makes up.
QUESTIONS = {
    "in no text": "quokka",
    "in most texts": "text",
    "two common words": "every reply",
    "five common words": "text every reply make long",
    "five that never meet": "the every reply prompt model make long",
    "common words, either": "text or reply or model",
    "two rare words": "rosnep bafer",
    "a phrase": '"every reply"',
    "a phrase of rarer words": '"make long"',
    "a phrase in no text": '"reply every text"',
    "without a word": "prompt -model",
    "only without a word": "-text",
    "in titles": "every reply in:title",
    "a part of a word": "romptin",
    "a part of many words": "ing",
    "another part of words": "ake",
    "Chinese": "提示词",
    "a Chinese phrase": '"提示词怎么写"',
    "one sign": "東",
    "a common sign": "学",
    "by an author": "model author:loaded-0",
    "by one who writes little": "text author:loaded-999",
    "in a category": "text category:safety",
    "in a tag, solved": "model tag:tag-0 is:solved",
    "in a rare tag": "text tag:tag-199",
    "filters alone": "tag:tag-0 is:unsolved",
    "one filter alone": "is:solved",
    "since a day": "model after:2026-01-01",
    "before a day": "text before:2024-06-01 tag:tag-5",
}
TITLES = (
    "How do I write a prompt for a model",
    "Every reply is a text with a rosnep bafer",
    "text every reply make long",
)
ROUNDS = 9


def main() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.contrib.auth.models import AnonymousUser

    from community.forms.searching import BEST, NEWEST
    from community.searching import search, similar

    times = {
        f"{name}{', newest' if order == NEWEST else ''}": median(
            partial(search, words, user=AnonymousUser(), order=order)
        )
        for name, words in QUESTIONS.items()
        for order in (BEST, NEWEST)
    }
    times |= {
        f"similar {nth}": median(partial(similar, title, user=AnonymousUser())) for nth, title in enumerate(TITLES)
    }
    print(json.dumps(times))


def median(ask: Callable[[], Any]) -> float:
    """Milliseconds, the first round left out."""
    times: list[float] = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[1:])


if __name__ == "__main__":
    main()
