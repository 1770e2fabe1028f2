"""Many tutorials at once, for benchmarks: made up, but distributed as in real texts."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from tutorials.models import AccessLevel, Difficulty, Status, Topic, Tutorial
from tutorials.vocabulary import refresh_vocabulary

SEED = 4
NAMES = ("Foundations", "Prompting", "Building", "Evaluation", "Safety", "Data", "Agents", "Everyday work")
TAGS = 300
RARE_WORDS = 30_000
SYLLABLES = (
    "ba",
    "co",
    "di",
    "fer",
    "gra",
    "hul",
    "ino",
    "jek",
    "lam",
    "mos",
    "nep",
    "ori",
    "pla",
    "qua",
    "ros",
    "tiv",
)
CONTENT = Path(__file__).resolve().parents[1] / "content"
BEGAN = datetime(2010, 1, 1, tzinfo=UTC)
COLUMNS = (
    *("title", "slug", "summary", "body", "topic_id", "tags", "difficulty", "access", "status", "published_at"),
    *("pass_mark", "updated_at", "source", "source_path", "body_html", "opening_html", "text", "opening_text"),
    *("keywords", "blocks", "minutes"),
)


@transaction.atomic
def load_tutorials(*, count: int, seed: int = SEED) -> None:
    """Add so many published tutorials; the same ones for the same seed.

    Words follow Zipf's law: those of our own tutorials as often as they occur there, and a long
    tail of rare ones. Raises ValidationError if some were loaded before.
    """
    if Tutorial.objects.filter(slug="loaded-0").exists():
        raise ValidationError("There are loaded tutorials already. Start with an empty database.")
    topics = [
        Topic.objects.get_or_create(slug=name.lower().replace(" ", "-"), defaults={"name": name})[0].pk
        for name in NAMES
    ]
    rows = made_up(count, topics, random.Random(seed))  # noqa: S311 - nothing here is secret
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY tutorials_tutorial ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in COLUMNS])
        cursor.execute("ANALYZE tutorials_tutorial")
    refresh_vocabulary()


def made_up(count: int, topics: list[int], chance: random.Random) -> Iterator[dict[str, Any]]:
    words, shares = vocabulary(chance)
    # Function words are frequent, but no title is made of them.
    names = words[60:4000]
    name_shares = list(accumulate(1 / (rank + 1) for rank in range(len(names))))
    tags = [f"tag-{number}" for number in range(TAGS)]
    tag_shares = list(accumulate(1 / (rank + 1) for rank in range(TAGS)))
    for number in range(count):
        title = " ".join(chance.choices(names, cum_weights=name_shares, k=chance.randint(3, 7))).capitalize()
        opening, *sections = [
            " ".join(chance.choices(words, cum_weights=shares, k=int(chance.lognormvariate(4.5, 0.5)) + 10))
            for _ in range(chance.randint(3, 6))
        ]
        headings = [" ".join(chance.choices(names, cum_weights=name_shares, k=3)).capitalize() for _ in sections]
        own_tags = list(dict.fromkeys(chance.choices(tags, cum_weights=tag_shares, k=chance.randint(0, 4))))
        published_at = BEGAN + timedelta(minutes=80 * number)
        inside = [f"{heading}\n{section}" for heading, section in zip(headings, sections, strict=True)]
        yield {
            "title": title,
            "slug": f"loaded-{number}",
            "summary": " ".join(chance.choices(words, cum_weights=shares, k=14))[:200],
            "body": "\n\n".join([opening, *(f"## {section}" for section in inside)]),
            "topic_id": chance.choice(topics),
            "tags": own_tags,
            "difficulty": chance.choice(Difficulty.values),
            "access": chance.choices(AccessLevel.values, weights=(4, 1))[0],
            "status": Status.PUBLISHED,
            "published_at": published_at,
            "pass_mark": 80,
            "updated_at": published_at,
            "source": "",
            "source_path": "",
            "body_html": f"<p>{opening}</p>"
            + "".join(
                f'<h2 id="part-{place}">{heading}</h2><p>{section}</p>'
                for place, (heading, section) in enumerate(zip(headings, sections, strict=True))
            ),
            "opening_html": f"<p>{opening}</p>",
            "text": "\n".join([opening, *inside]),
            "opening_text": "\n".join([opening, *headings]),
            "keywords": " ".join(own_tags).replace("-", " "),
            "blocks": json.dumps(
                [
                    {"id": f"part-{place}", "text": heading, "level": 2, "mark": ""}
                    for place, heading in enumerate(headings)
                ]
            ),
            "minutes": max(1, len(opening.split()) // 50),
        }


def vocabulary(chance: random.Random) -> tuple[list[str], list[float]]:
    """Words, the frequent ones first, and their cumulated frequencies."""
    counted: Counter[str] = Counter()
    for path in sorted(CONTENT.glob("*.md")):
        counted.update(re.findall(r"[a-z]{2,}", path.read_text().lower()))
    real = [word for word, _ in counted.most_common()]
    rare = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 5))) for _ in range(RARE_WORDS)]
    words = list(dict.fromkeys([*real, *rare]))
    return words, list(accumulate(1 / (rank + 3) for rank in range(len(words))))
