"""The community's rows: what was said and liked, who follows what, and who was told of it.

The services stamp the present, so the texts are written past them, in the order of time; what hangs on a text being
published (counts, tags, search, trust) is then made by the community's own services, from what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils.text import slugify

from billing.access import FREE
from community.models import Category, Comment, Level, Like, Post, Standing, State, Watch
from community.services import counting, indexing, texts
from ops.demo.conversations import Said, Talk, Thread
from ops.demo.learning import Journal, opened_to_members
from ops.demo.people import Member, People
from ops.demo.season import DAY, HOUR, Season, read_data
from tutorials.models import Tutorial

# How many likes a text gets in the middle.
LIKES_OF_POST, LIKES_OF_COMMENT = 9, 2.5
FOLLOWED_PEOPLE, FOLLOWED_PLACES = 90, 45


class Community:
    """Threads with the rows that were made of them."""

    def __init__(self, season: Season, people: People) -> None:
        self.season, self.people, self.chance = season, people, season.chance
        self.categories = make_categories()
        opened = opened_to_members()

        def may_read(member: Member, category: str, at: datetime) -> bool:
            if self.categories[category].access == FREE or member.user.is_staff:
                return True
            return any(since <= at and (until is None or at < until) for since, until in opened.get(member.pk, []))

        self.may_read = may_read
        self.threads = Talk(season, people, may_read).threads()
        self.posts: dict[Thread, Post] = {}
        self.comments: dict[Said, Comment] = {}
        self.likes: list[Like] = []

    def store(self) -> None:
        """Posts and comments in the order of time, which is that of their keys."""
        tutorials = {tutorial.slug: tutorial for tutorial in Tutorial.objects.published()}
        for pk, thread in zip(next_keys(Post, len(self.threads)), self.threads, strict=True):
            self.posts[thread] = self.post_of(thread, pk, tutorials)
        spoken = sorted(
            ((said, to, thread) for thread in self.threads for said, to in thread.everything()),
            key=lambda each: each[0].at,
        )
        for pk, (said, to, thread) in zip(next_keys(Comment, len(spoken)), spoken, strict=True):
            parent = self.comments[to] if to else None
            self.comments[said] = comment_of(said, pk, self.posts[thread], parent)
        for thread, post in self.posts.items():
            post.accepted_answer = self.comments[thread.accepted] if thread.accepted else None
        Post.objects.bulk_create(self.posts.values())
        Comment.objects.bulk_create(self.comments.values())

    def post_of(self, thread: Thread, pk: int, tutorials: dict[str, Tutorial]) -> Post:
        about = tutorials.get(thread.tutorial)
        if about is not None and (about.published_at is None or about.published_at > thread.at):
            about = None
        post = Post(
            pk=pk,
            title=thread.title,
            type=thread.type,
            category=self.categories[thread.category],
            tags=list(dict.fromkeys(thread.tags)),
            author=thread.author.user,
            tutorial=about,
            block=self.chance.choice(about.blocks)["id"] if about and about.blocks else "",
            pinned=thread.pinned,
            created_at=thread.at,
            active_at=thread.at,
            announced_at=thread.at,
        )
        source, read = texts.read_body(thread.body.strip())
        texts.put_body(post, source, read)
        return post

    def like(self) -> None:
        """Nobody likes what they wrote themselves, what they may not read, or what was not there yet."""
        for thread, post in self.posts.items():
            count = round(LIKES_OF_POST * thread.fame * self.chance.uniform(0.4, 1.5))
            for user, at in self.likers(thread, thread.author, thread.at, count):
                self.likes.append(Like(user_id=user, post=post, created_at=at, is_told=True))
            for said, to in thread.everything():
                praise = 2.5 if said is thread.accepted else 1.2 if to is None else 0.5
                count = round(LIKES_OF_COMMENT * praise * thread.fame**0.5 * self.chance.expovariate(1))
                for user, at in self.likers(thread, said.author, said.at, count):
                    comment = self.comments[said]
                    self.likes.append(Like(user_id=user, comment=comment, created_at=at, is_told=True))
        self.likes.sort(key=lambda like: like.created_at)
        Like.objects.bulk_create(self.likes)

    def likers(self, thread: Thread, author: Member, since: datetime, count: int) -> Iterator[tuple[int, datetime]]:
        able = [member for member in self.people.there(since + 6 * HOUR) if member is not author]
        able = [member for member in able if self.may_read(member, thread.category, since)]
        for member in self.chance.sample(able, min(count, len(able))):
            at = self.season.in_waking_hours(self.season.soon_after(since, 1.5 * DAY), member.zone)
            if since < at < self.season.now and member.is_there(at):
                yield member.pk, at

    def watch(self) -> None:
        """Whoever writes in a thread watches it; some watch people, categories and tags."""
        rows: dict[Any, Watch] = {}
        for thread, post in self.posts.items():
            for member, at in [
                (thread.author, thread.at),
                *((said.author, said.at) for said, _ in thread.everything()),
            ]:
                rows.setdefault(
                    (member.pk, post.pk),
                    Watch(user=member.user, post=post, level=Level.WATCHING, created_at=at),
                )
        writers = [thread.author for thread in self.threads]
        tags = [tag for thread in self.threads for tag in thread.tags]
        free = [category for category in self.categories.values() if category.access == FREE]
        followers = [member for member in self.people.members if member.energy]
        for member in self.chance.choices(followers, k=FOLLOWED_PEOPLE):
            person = self.chance.choice(writers)
            if person is not member:
                rows[member.pk, "person", person.pk] = Watch(user=member.user, person=person.user)
        for member in self.chance.choices(followers, k=FOLLOWED_PLACES):
            if self.chance.random() < 0.5:
                category = self.chance.choice(free)
                rows[member.pk, "category", category.pk] = Watch(user=member.user, category=category)
            else:
                tag = self.chance.choice(tags)
                rows[member.pk, "tag", tag] = Watch(user=member.user, tag=tag)
        joined = {member.pk: member for member in self.people.members}
        for key, row in rows.items():
            if len(key) == 3:
                row.level = Level.WATCHING
                row.created_at = self.season.between(joined[key[0]].joined, joined[key[0]].left)
        Watch.objects.bulk_create(rows.values())

    def note(self, journal: Journal) -> None:
        """When what was earned that achievements count."""
        for like in self.likes:
            text = like.post or like.comment
            if text is not None and text.author_id is not None:
                journal.note("likes_received", text.author_id, like.created_at)
        for thread in self.threads:
            if thread.accepted and thread.accepted_at and thread.accepted.author is not thread.author:
                journal.note("answers_accepted", thread.accepted.author.pk, thread.accepted_at)


def make_categories() -> dict[str, Category]:
    categories = {}
    for fields in read_data("cast.yaml")["categories"]:
        category = Category(**fields, slug=slugify(fields["name"]))
        category.full_clean()
        category.save()
        categories[category.name] = category
    return categories


def comment_of(said: Said, pk: int, post: Post, parent: Comment | None) -> Comment:
    comment = Comment(
        pk=pk, post=post, parent=parent, author=said.author.user, created_at=said.at, announced_at=said.at
    )
    source, read = texts.read_body(said.body.strip())
    texts.put_body(comment, source, read)
    return comment


def next_keys(model: type[Model], count: int) -> list[int]:
    """Keys of rows to come, so that rows which name each other can be made at once."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [int(key) for (key,) in cursor.fetchall()]


def settle() -> None:
    """Have everything follow from the texts, as if they had come one by one."""
    writers = {*Post.objects.values_list("author", flat=True), *Comment.objects.values_list("author", flat=True)}
    Standing.objects.bulk_create([Standing(user_id=writer) for writer in sorted(writers - {None})])
    counting.count_anew()
    for post in Post.objects.filter(state=State.PUBLISHED).order_by("pk"):
        indexing.index(post)
    indexing.learn(*Comment.objects.filter(state=State.PUBLISHED).values_list("text", flat=True))
    standings: list[Any] = list(Standing.objects.out_of_step())
    for standing in standings:
        standing.trust_level = standing.earned
    Standing.objects.bulk_update(standings, ["trust_level"])
