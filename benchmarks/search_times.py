"""What PostgreSQL needs for each kind of search, as JSON. benchmarks/finding.py runs it beside a platform."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from server import ROOT

QUESTIONS = {
    "in no text": "quokka",
    "in most texts": "text",
    "in most titles": "tag",
    "two common words": "every reply",
    "two rare words": "rosnep bafer",
    "a phrase": '"text one"',
    "without a word": "prompt -model",
    "only without": "-model",
}
ROUNDS = 9


def main() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from common.database import indexes_only
    from tutorials.models import Topic, Tutorial
    from tutorials.querysets import search_published
    from tutorials.vocabulary import corrected

    topic = Topic.objects.get(slug="building")
    tutorial = Tutorial.objects.get(slug="loaded-500")
    plans: list[dict[str, Any]] = []
    times = {}
    with indexes_only(), explaining(plans):
        for name, words in QUESTIONS.items():
            times[name] = median(plans, partial(search_published, words, whole=True))
            times[f"{name}, one topic"] = median(plans, partial(search_published, words, whole=True, topic=topic))
        times["a correction of two words"] = median(plans, lambda: corrected("sentense everry"))
        searched_whole = any(reads_whole(plan["Plan"]) for plan in plans)
    with explaining(plans):
        times["(related tutorials)"] = median(plans, lambda: Tutorial.objects.related_to(tutorial))
        times["(neighbours)"] = median(plans, lambda: Tutorial.objects.neighbours(tutorial))
    print(json.dumps({"milliseconds": times, "sequential scan": searched_whole}))


def explaining(plans: list[dict[str, Any]]) -> Any:
    """Within it, each statement that reads tutorials or words is explained first."""
    from django.db import connection

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if "tutorials_tutorial" in sql or "tutorials_searchword" in sql:
            execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params, many, context)
            plans.append(context["cursor"].fetchone()[0][0])
        return execute(sql, params, many, context)

    return connection.execute_wrapper(explain)


def median(plans: list[dict[str, Any]], ask: Callable[[], Any]) -> float:
    """Milliseconds of planning and execution."""
    times: list[float] = []
    for _ in range(ROUNDS):
        before = len(plans)
        ask()
        times.append(sum(plan["Planning Time"] + plan["Execution Time"] for plan in plans[before:]))
    return statistics.median(times)


def reads_whole(plan: dict[str, Any]) -> bool:
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] == "tutorials_tutorial":
        return True
    return any(reads_whole(part) for part in plan.get("Plans", []))


if __name__ == "__main__":
    main()
