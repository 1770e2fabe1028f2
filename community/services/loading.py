"""A community of any size at once, for benchmarks: made up, but distributed as a real one is.

A few posts have most of the comments and a few members write most; words follow Zipf's law, as in
tutorials.services.loading, and some texts are in Chinese or Japanese.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts.models import Profile, User
from billing.access import FREE, PREMIUM
from community.models import Category, Post, PostType, State
from tutorials.models import Tutorial
from tutorials.services.loading import vocabulary

SEED = 5
SMALLEST = 100
PEOPLE = 1_000
TAGS = 200
CATEGORIES = (
    ("Prompting", FREE),
    ("Building", FREE),
    ("Models", FREE),
    ("Evaluation", FREE),
    ("Show your work", FREE),
    ("Everyday work", FREE),
    ("Safety", FREE),
    ("About this place", FREE),
    ("Workshop", PREMIUM),
    ("Office hours", PREMIUM),
)
SENTENCES = 60_000
CHINESE_AND_JAPANESE = (
    *("人工智能", "模型", "提示词", "怎么写", "机器学习", "数据", "训练", "结果不对", "请问", "谢谢", "向量", "检索"),
    *("上下文", "窗口", "评测", "プロンプト", "モデル", "学習", "東京", "日本語", "文章", "検索", "回答", "質問"),
    *("設定", "方法", "必要", "問題", "精度", "評価"),
)
YEARS = timedelta(days=3 * 365)
MOST_COMMENTS, MOST_LIKES = 500, 200
HIDDEN, PINNED = 0.01, (5, 50)
# What is loaded, and what goes while it is: building an index of what is there is much quicker than adding to it.
TABLES = ("community_post", "community_comment", "community_posttag", "community_like", "community_searchentry")
CONSTRAINTS = """
    SELECT contype, conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'u') ORDER BY contype, conname
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
POST_COLUMNS = (
    *("id", "title", "type", "category_id", "tags", "body", "body_html", "text", "author_id", "tutorial_id", "block"),
    *("state", "pinned", "created_at", "active_at", "announced_at", "likes_count", "comments_count"),
    "accepted_answer_id",
)
COMMENT_COLUMNS = (
    *("id", "post_id", "parent_id", "author_id", "body", "body_html", "text", "state", "created_at", "announced_at"),
    "likes_count",
)
LIKE_COLUMNS = ("user_id", "post_id", "comment_id", "created_at")
TAG_ROWS = """
    INSERT INTO community_posttag (post_id, tag, active_at, day, score)
    SELECT id, tag, active_at, day, score FROM community_post CROSS JOIN unnest(tags) AS tag WHERE state = 'published'
"""
POST_ENTRIES = """
    INSERT INTO community_searchentry (post_id, comment_id, category_id, created_at, vector)
    SELECT id, NULL, category_id, created_at, community_vector(title, tags, text, author_id, category_id, created_at)
    FROM community_post WHERE state = 'published'
"""
COMMENT_ENTRIES = """
    INSERT INTO community_searchentry (post_id, comment_id, category_id, created_at, vector)
    SELECT post.id, comment.id, post.category_id, comment.created_at,
        community_vector(NULL, post.tags, comment.text, comment.author_id, post.category_id, comment.created_at)
    FROM community_comment AS comment JOIN community_post AS post ON post.id = comment.post_id
    WHERE post.state = 'published'
"""
NUMBER_ON = """
    SELECT setval(pg_get_serial_sequence('community_post', 'id'), (SELECT max(id) FROM community_post)),
        setval(pg_get_serial_sequence('community_comment', 'id'), (SELECT max(id) FROM community_comment))
"""
KNOW = "INSERT INTO community_postword (word) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
STANDINGS = """
    INSERT INTO community_standing (user_id, trust_level, level_is_fixed, posts_count, comments_count, likes_received,
        accepted_count, hidden_count)
    SELECT person.id, 2, FALSE, COALESCE(posts.published, 0), COALESCE(comments.written, 0),
        COALESCE(posts.likes, 0) + COALESCE(comments.likes, 0), COALESCE(comments.accepted, 0),
        COALESCE(posts.hidden, 0)
    FROM accounts_user AS person
    LEFT JOIN (
        SELECT author_id, count(*) FILTER (WHERE state = 'published') AS published,
            count(*) FILTER (WHERE state = 'hidden') AS hidden, sum(likes_count) AS likes
        FROM community_post GROUP BY author_id
    ) AS posts ON posts.author_id = person.id
    LEFT JOIN (
        SELECT comment.author_id, count(*) AS written, sum(comment.likes_count) AS likes,
            count(post.id) FILTER (WHERE post.author_id IS DISTINCT FROM comment.author_id) AS accepted
        FROM community_comment AS comment
        LEFT JOIN community_post AS post ON post.accepted_answer_id = comment.id AND post.id = comment.post_id
        GROUP BY comment.author_id
    ) AS comments ON comments.author_id = person.id
    WHERE person.id = ANY(%s)
"""
ANALYSED = (*TABLES, "community_standing", "community_postword", "accounts_user", "accounts_profile")


@transaction.atomic
def load_community(*, posts: int, comments: int, seed: int = SEED) -> None:
    """Make so many posts and comments over three years until now; the same texts for the same seed.

    Raises ValidationError if anybody has posted already, or for numbers of which no community can be made.
    """
    if Post.objects.exists():
        raise ValidationError("There are posts already. Start with an empty community.")
    if posts < SMALLEST or comments > posts * MOST_COMMENTS // 2:
        raise ValidationError(f"Load at least {SMALLEST} posts, with at most {MOST_COMMENTS // 2} comments each.")
    made = Made(posts, comments, random.Random(seed))  # noqa: S311 - nothing here is secret
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        cursor.execute("SET LOCAL synchronous_commit = off")
        # What was just made is checked now: a table with checks to come cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        put_back = take_away(cursor)
        copy(cursor, "community_post", POST_COLUMNS, made.posts())
        copy(cursor, "community_comment", COMMENT_COLUMNS, made.comments())
        copy(cursor, "community_like", LIKE_COLUMNS, made.likes())
        for statement in (NUMBER_ON, TAG_ROWS, POST_ENTRIES, COMMENT_ENTRIES):
            cursor.execute(statement)
        cursor.execute(KNOW, [made.known_words()])
        for statement in put_back:
            cursor.execute(statement)
        cursor.execute(STANDINGS, [made.people])
        cursor.execute(f"ANALYZE {', '.join(ANALYSED)}")


def tidy_up() -> None:
    """What PostgreSQL does by itself a while after a load, for lists to read indexes alone. In no transaction."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"VACUUM {table}")


def take_away(cursor: Any) -> list[str]:
    """Drop what slows the load; returns the statements that bring it back, in their order."""
    cursor.execute(CONSTRAINTS, [list(TABLES)])
    constraints = cursor.fetchall()
    for _, table, name, _ in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    cursor.execute(INDEXES, [list(TABLES)])
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    # Foreign keys come first in their names' order, and must come back last.
    return [
        *(definition for _, definition in indexes),
        *(f"ALTER TABLE {table} ADD CONSTRAINT {name} {rest}" for _, table, name, rest in reversed(constraints)),
    ]


def copy(cursor: Any, table: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copying:
        for row in rows:
            copying.write_row(row)


class Made:
    """What is loaded: how much of everything is drawn first, then the rows are made one after another."""

    def __init__(self, posts: int, comments: int, chance: random.Random) -> None:
        self.chance = chance
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.words, self.word_shares = vocabulary(chance)
        self.sentences = [self.sentence() for _ in range(SENTENCES)]
        self.categories = make_categories()
        self.people = make_people(chance)
        self.tutorials = list(Tutorial.objects.published().values_list("pk", flat=True))
        self.comment_counts = spread(posts, comments, chance)
        self.post_likes = array("H", (many(chance, 1.4, MOST_LIKES) for _ in range(posts)))
        self.comment_likes = array("H", (many(chance, 3.0, MOST_LIKES) for _ in range(comments)))
        self.hidden = [count == 0 and chance.random() < HIDDEN * 4 for count in self.comment_counts]
        self.step = YEARS / (posts + 1)
        self.person_shares = shares(PEOPLE)
        self.asked: array[int] = array("B")

    def posts(self) -> Iterator[Sequence[Any]]:
        chance, first_comment = self.chance, 1
        titles = self.words[60:4000]
        title_shares, tag_shares, category_shares = shares(len(titles)), shares(TAGS), shares(len(self.categories))
        tags = [f"tag-{number}" for number in range(TAGS)]
        for place, comments in enumerate(self.comment_counts):
            type_ = chance.choices(PostType.values, weights=(6, 3, 1))[0]
            created_at = self.created(place)
            text = self.text(chance.randint(2, 6))
            answered = comments > 0 and type_ == PostType.QUESTION and chance.random() < 0.4
            yield (
                place + 1,
                " ".join(chance.choices(titles, cum_weights=title_shares, k=chance.randint(3, 8))).capitalize()[:150],
                type_,
                chance.choices(self.categories, cum_weights=category_shares)[0],
                list(dict.fromkeys(chance.choices(tags, cum_weights=tag_shares, k=chance.randint(0, 4)))),
                text,
                f"<p>{text}</p>",
                text,
                chance.choices(self.people, cum_weights=self.person_shares)[0],
                chance.choice(self.tutorials) if self.tutorials and chance.random() < 0.1 else None,
                "",
                State.HIDDEN if self.hidden[place] else State.PUBLISHED,
                "everywhere" if place == PINNED[0] else "category" if place == PINNED[1] else "",
                created_at,
                self.said(place, comments - 1) if comments else created_at,
                created_at,
                self.post_likes[place],
                comments,
                first_comment if answered else None,
            )
            first_comment += comments

    def comments(self) -> Iterator[Sequence[Any]]:
        chance, number = self.chance, 0
        for place, comments in enumerate(self.comment_counts):
            answers: list[int] = []
            for nth in range(comments):
                number += 1
                # To one of the first level, and not to the one that may be accepted alone.
                parent = chance.choice(answers) if answers and chance.random() < 0.4 else None
                if parent is None:
                    answers.append(number)
                text = self.text(chance.randint(1, 3))
                created_at = self.said(place, nth)
                yield (
                    *(number, place + 1, parent, chance.choices(self.people, cum_weights=self.person_shares)[0]),
                    *(text, f"<p>{text}</p>", text, State.PUBLISHED, created_at, created_at),
                    self.comment_likes[number - 1],
                )

    def likes(self) -> Iterator[Sequence[Any]]:
        for place, count in enumerate(self.post_likes):
            for nth in range(count):
                yield self.people[(place * 7 + nth) % PEOPLE], place + 1, None, self.now
        for place, count in enumerate(self.comment_likes):
            for nth in range(count):
                yield self.people[(place * 11 + nth) % PEOPLE], None, place + 1, self.now

    def created(self, place: int) -> datetime:
        return self.now - YEARS + self.step * (place + 1)

    def said(self, place: int, nth: int) -> datetime:
        """When the nth comment to a post was written: each later than the one before, none in the future."""
        created_at, comments = self.created(place), self.comment_counts[place]
        # Most threads end within days; some come back to life long after. Known without having drawn it.
        step = timedelta(hours=1 + place * 7919 % 97)
        # Those that are still going on have as much behind them, in the time that there was.
        return created_at + (nth + 1) * min(step, (self.now - created_at) / (comments + 1))

    def text(self, sentences: int) -> str:
        chance, pool = self.chance, self.sentences
        drawn = [pool[int(chance.random() * SENTENCES)] for _ in range(sentences)]
        # One word that is its own, so that rare words are as rare as they should be.
        return f"{' '.join(drawn)} {chance.choices(self.words, cum_weights=self.word_shares)[0]}."

    def sentence(self) -> str:
        chance = self.chance
        if chance.random() < 0.02:
            return "".join(chance.choices(CHINESE_AND_JAPANESE, k=chance.randint(3, 9))) + "。"
        length = int(chance.lognormvariate(2.1, 0.5)) + 2
        return " ".join(chance.choices(self.words, cum_weights=self.word_shares, k=length)).capitalize() + "."

    def known_words(self) -> list[str]:
        return [word for word in self.words if 3 <= len(word) <= 40]


def make_categories() -> list[int]:
    return [
        Category.objects.get_or_create(
            slug=name.lower().replace(" ", "-"), defaults={"name": name, "access": access, "position": position}
        )[0].pk
        for position, (name, access) in enumerate(CATEGORIES)
    ]


def make_people(chance: random.Random) -> list[int]:
    """Members who cannot sign in; the first writes most."""
    people = User.objects.bulk_create(
        User(email=f"loaded-{number}@howtoai.example", name=f"Loaded {number}", password=UNUSABLE_PASSWORD_PREFIX)
        for number in range(PEOPLE)
    )
    Profile.objects.bulk_create(Profile(user=person, handle=f"loaded-{number}") for number, person in enumerate(people))
    return [person.pk for person in people]


def spread(posts: int, comments: int, chance: random.Random) -> array[int]:
    """How many comments each post has: some none, most a few, some hundreds; together so many."""
    counts = array("H", (many(chance, 1.2, MOST_COMMENTS) for _ in range(posts)))
    missing = comments - sum(counts)
    while missing:
        place = int(chance.random() * posts)
        # Every sixth keeps what it was given, which is often nothing.
        if missing > 0 and place % 6 and counts[place] < MOST_COMMENTS:
            counts[place] += 1
            missing -= 1
        elif missing < 0 < counts[place]:
            counts[place] -= 1
            missing += 1
    return counts


def many(chance: random.Random, tail: float, most: int) -> int:
    """Mostly none or one, seldom very many."""
    return min(most, int(chance.paretovariate(tail)) - 1)


def shares(count: int) -> list[float]:
    """Cumulated weights by Zipf's law."""
    return list(accumulate(1 / (rank + 3) for rank in range(count)))
