"""Who said what to whom, and when: threads, composed of the texts in `data`. Nothing here is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ops.demo.people import Member, People
from ops.demo.season import DATA, DAY, HOUR, MINUTE, Deck, Season, read_data

QUESTION, DISCUSSION, SHOW_AND_TELL = "question", "discussion", "show_and_tell"
MOST_THREADS = 3  # that one member begins
# How often whoever asked accepts an answer, and thanks for it; and how often for another one.
ACCEPTS, THANKS, THANKS_OTHERS = 0.85, 0.8, 0.2
ABOUT_TUTORIAL = 0.4
# From when on everything has happened, with a little room before the present.
LATEST = 20 * MINUTE


@dataclass(eq=False)
class Said:
    """A comment, with what was said to it."""

    author: Member
    body: str
    at: datetime
    replies: list[Said] = field(default_factory=list)


@dataclass(eq=False)
class Thread:
    title: str
    type: str
    category: str
    tags: list[str]
    body: str
    author: Member
    at: datetime
    pinned: str = ""
    # The slug of a tutorial that it is about.
    tutorial: str = ""
    # How much it is looked at, 1 in the middle.
    fame: float = 1
    comments: list[Said] = field(default_factory=list)
    accepted: Said | None = None
    accepted_at: datetime | None = None

    def everything(self) -> Iterator[tuple[Said, Said | None]]:
        """All comments, each with that to which it replies."""
        for comment in self.comments:
            yield comment, None
            for reply in comment.replies:
                yield reply, comment


# Whether somebody may read a category at that time.
Readers = Callable[[Member, str, datetime], bool]


class Talk:
    def __init__(self, season: Season, people: People, may_read: Readers) -> None:
        self.season, self.people, self.chance, self.may_read = season, people, season.chance, may_read
        self.replies = {kind: Deck(cards, season.chance) for kind, cards in read_data("replies.yaml").items()}
        self.begun: dict[int, int] = {}
        self.thanked: set[str] = set()

    def threads(self) -> list[Thread]:
        """All, those of the members and those of the demo people, the oldest first."""
        threads = [self.thread_of_cast(said) for said in read_data("cast.yaml")["posts"]]
        themes = [read_data(f"threads/{path.name}") for path in sorted((DATA / "threads").glob("*.yaml"))]
        said = [(theme, post) for theme in themes for post in theme["posts"]]
        self.chance.shuffle(said)
        count = len(said)
        by_theme: dict[int, list[Thread]] = {}
        for number, (theme, post) in enumerate(said):
            # A little more from month to month, and the latest of today.
            share = ((number + self.chance.random()) / count) ** 0.9
            at = self.season.start + DAY + (self.season.now - self.season.start - DAY - 3 * HOUR) * share
            thread = self.thread_of_member(theme, post, at)
            by_theme.setdefault(id(theme), []).append(thread)
            threads.append(thread)
        for theme in themes:
            self.remark(by_theme[id(theme)], theme["remarks"])
        self.answer_back([thread for thread in threads if thread.category != "Announcements"])
        for thread in threads:
            thread.comments.sort(key=lambda comment: comment.at)
        return sorted(threads, key=lambda thread: thread.at)

    # Posts

    def thread_of_cast(self, said: dict[str, Any]) -> Thread:
        at = self.season.ago(said["days_ago"])
        category = said["category"]
        thread = Thread(
            title=said["title"],
            type=said["type"],
            category=category,
            tags=said.get("tags", []),
            body=said["body"],
            author=self.somebody(category, at, said.get("by")),
            at=at,
            pinned=said.get("pinned", ""),
            fame=self.chance.uniform(1, 2),
        )
        for each in said["comments"]:
            comment = self.comment_of_cast(thread, each, thread.at, self.chance.choice((2, 9, 30)) * HOUR)
            thread.comments.append(comment)
            last = comment.at
            for reply in each.get("replies", []):
                comment.replies.append(self.comment_of_cast(thread, reply, last, 4 * HOUR, to=comment.author))
                last = comment.replies[-1].at
            if each.get("accepted"):
                self.accept(thread, comment)
        return thread

    def comment_of_cast(
        self, thread: Thread, said: dict[str, Any], after: datetime, usually: timedelta, to: Member | None = None
    ) -> Said:
        at = min(self.season.soon_after(after, usually), self.latest(after))
        if "days_ago" in said:
            at = self.season.ago(said["days_ago"])
        others = [thread.author] if to is None else [to]
        return Said(self.somebody(thread.category, at, said.get("by"), besides=others), said["body"], at)

    def thread_of_member(self, theme: dict[str, Any], post: dict[str, Any], at: datetime) -> Thread:
        author = self.somebody(theme["category"], at, is_new_thread=True)
        at = self.season.in_waking_hours(at, author.zone)
        at = min(max(at, author.joined + 10 * MINUTE), self.season.now - 2 * HOUR)
        is_shown = post["type"] == SHOW_AND_TELL
        thread = Thread(
            title=post["title"],
            type=post["type"],
            category="Show and tell" if is_shown else theme["category"],
            tags=[*theme["tags"], *post.get("tags", [])],
            body=post["body"],
            author=author,
            at=at,
            fame=min(4.0, self.chance.lognormvariate(0, 0.6)),
        )
        if "tutorial" in theme and not is_shown and self.chance.random() < ABOUT_TUTORIAL:
            thread.tutorial = theme["tutorial"]
        for number, body in enumerate(post["answers"]):
            comment = self.say(thread, body, at, HOUR * (3 + 14 * number))
            accepts = thread.type == QUESTION and thread.accepted is None and self.chance.random() < ACCEPTS
            if comment and accepts:
                self.accept(thread, comment)
        return thread

    def accept(self, thread: Thread, answer: Said) -> None:
        thread.accepted = answer
        thread.accepted_at = min(self.season.soon_after(answer.at, 5 * HOUR), self.latest(answer.at))

    # Comments

    def remark(self, threads: list[Thread], remarks: list[str]) -> None:
        """What fits to any thread of a theme goes to one of them, most to those that are looked at most."""
        for body in self.chance.sample(remarks, len(remarks)):
            [thread] = self.chance.choices(threads, weights=[thread.fame + 0.2 for thread in threads])
            self.say(thread, body, thread.at, DAY * self.chance.choice((0.3, 1, 2, 5)))

    def say(self, thread: Thread, body: str, after: datetime, usually: timedelta) -> Said | None:
        """A comment, unless that would be in the future."""
        at = self.season.soon_after(after, usually)
        if at > self.latest(after):
            return None
        author = self.somebody(thread.category, at, besides=[thread.author])
        at = min(max(self.season.in_waking_hours(at, author.zone), after + MINUTE), self.latest(after))
        comment = Said(author, body, at)
        thread.comments.append(comment)
        return comment

    def answer_back(self, threads: list[Thread]) -> None:
        """Thanks to some answers; then every agreement, objection and question once, to any comment."""
        for thread in threads:
            for comment in thread.comments:
                is_accepted = comment is thread.accepted
                likely = THANKS if is_accepted else THANKS_OTHERS if thread.type != SHOW_AND_TELL else 0
                if not comment.replies and comment.author is not thread.author and self.chance.random() < likely:
                    at = thread.accepted_at if is_accepted else None
                    self.reply(thread, comment, self.thanks(), by=thread.author, at=at)
        open_to_all = [thread for thread in threads if thread.pinned == "" and thread.comments]
        weights = [thread.fame * len(thread.comments) for thread in open_to_all]
        for kind in ("agree", "object", "asides"):
            deck = self.replies[kind]
            for card in (deck.deal() for _ in range(len(deck.cards))):
                [thread] = self.chance.choices(open_to_all, weights)
                comment = self.chance.choice(thread.comments)
                if kind != "asides":
                    self.reply(thread, comment, card)
                elif question := self.reply(thread, comment, card[0]):
                    self.reply(thread, comment, card[1], by=comment.author, after=question.at)

    def thanks(self) -> str:
        """Never in words that were used before."""
        first, more = self.replies["thanks"].deal(), self.replies["thanks_more"].deal()
        words: str = f"{first} {more}" if self.chance.random() < 0.7 else first
        if words in self.thanked:
            return self.thanks()
        self.thanked.add(words)
        return words

    def reply(
        self,
        thread: Thread,
        to: Said,
        body: str,
        *,
        by: Member | None = None,
        at: datetime | None = None,
        after: datetime | None = None,
    ) -> Said | None:
        """Unless that would be in the future."""
        last = after or max([to.at, *(reply.at for reply in to.replies)])
        at = at or self.season.soon_after(last, 9 * HOUR)
        if at > self.latest(last):
            return None
        author = by or self.somebody(thread.category, at, besides=[to.author])
        reply = Said(author, body, at)
        to.replies.append(reply)
        return reply

    # Who and when

    def somebody(
        self,
        category: str,
        at: datetime,
        by: str | None = None,
        *,
        besides: list[Member] | None = None,
        is_new_thread: bool = False,
    ) -> Member:
        """One of the demo people by their role; or else a member who is there then and may read it.

        A time zone stands for a member who lives there, if one can be found.
        """
        if by in self.people.cast:
            return self.people.cast[by]
        cast = list(self.people.cast.values())
        able = [
            member
            for member in self.people.there(at)
            if member not in cast
            and member not in (besides or ())
            and self.may_read(member, category, at)
            and not (is_new_thread and self.begun.get(member.pk, 0) >= MOST_THREADS)
        ]
        able = [member for member in able if member.zone == by] or able
        [member] = self.chance.choices(able, weights=[0.1 + min(member.energy, 2.5) for member in able])
        if is_new_thread:
            self.begun[member.pk] = self.begun.get(member.pk, 0) + 1
        return member

    def latest(self, after: datetime) -> datetime:
        return max(after + MINUTE, self.season.now - LATEST)
