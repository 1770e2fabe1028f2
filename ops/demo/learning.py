"""What members learn, day by day: how far they read, which quizzes they take, and which days in a row that makes.

Each visit is what tutorials.services.progress and .quizzes would have written at the time; what may be read is asked
of the grants that stand in the database by then.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

from django.db.models import F

from billing.access import FREE
from billing.models import AccessGrant
from ops.demo.people import Member, People
from ops.demo.season import DAY, HOUR, Deck, Season, read_data
from tutorials.models import Bookmark, Learner, LearningDay, QuizAnswer, QuizAttempt, Tutorial, TutorialProgress
from tutorials.models.learning import MOST_AT_ONCE
from tutorials.quiz import Question, Quiz, check, score

# The learner's latest days are days in a row, so that there is a streak to keep.
LEARNERS_STREAK = 6
# Who is to keep it reads for seconds at a time, seldom comes back the next day before, and wants minutes a day.
SLOW, SELDOM, GOAL = 160, 0.25, 10
MOSTLY = 0.85  # of a tutorial
LEARNERS_TUTORIAL, LEARNERS_BLOCK = "prompting-that-works", 2
LEARNERS_NOTE = "Try this with the next letter to the tenants."
BOOKMARKS = 70


@dataclass(frozen=True)
class Lesson:
    tutorial: Tutorial
    quiz: Quiz | None
    seconds: int
    out_at: datetime


@dataclass
class Journal:
    """Everything that was learned, to be stored at once; and when what was achieved that is counted."""

    progress: list[TutorialProgress] = field(default_factory=list)
    attempts: list[QuizAttempt] = field(default_factory=list)
    answers: list[QuizAnswer] = field(default_factory=list)
    days: list[LearningDay] = field(default_factory=list)
    learners: list[Learner] = field(default_factory=list)
    # By metric (tutorials.metrics) and person: when it grew, and by how much.
    grew: defaultdict[str, defaultdict[int, list[tuple[datetime, float]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def note(self, metric: str, person: int, at: datetime, by: float = 1) -> None:
        self.grew[metric][person].append((at, by))

    def reached(self, metric: str, person: int, threshold: int) -> datetime | None:
        """When somebody's count came to this."""
        grown = sorted(self.grew[metric][person])
        sums = accumulate(by for _, by in grown)
        return next((at for (at, _), total in zip(grown, sums, strict=True) if total >= threshold), None)

    def store(self) -> None:
        TutorialProgress.objects.bulk_create(self.progress)
        QuizAttempt.objects.bulk_create(self.attempts)
        QuizAnswer.objects.bulk_create(self.answers)
        LearningDay.objects.bulk_create(self.days)
        Learner.objects.bulk_create(self.learners)


def make_learning(season: Season, people: People) -> Journal:
    out = Tutorial.objects.published().order_by("published_at", "pk")
    lessons = {tutorial.slug: lesson_of(tutorial) for tutorial in out}
    data, opened, journal = read_data("learning.yaml"), opened_to_members(), Journal()
    if not lessons:
        return journal
    for member in people.members:
        if member.energy >= 0.25 and member is not people.cast["author"]:
            is_learner = member is people.cast["learner"]
            way = data["ways"][0] if is_learner else season.chance.choice(data["ways"])
            habit = Habit(season, member, lessons, way, data["guesses"], opened.get(member.pk, []), journal)
            habit.live(streak=LEARNERS_STREAK if is_learner else 0)
    journal.attempts.sort(key=lambda attempt: attempt.at)
    journal.progress.sort(key=lambda progress: progress.started_at)
    journal.store()
    make_bookmarks(season, people.cast["learner"], journal)
    return journal


def lesson_of(tutorial: Tutorial) -> Lesson:
    quiz = Quiz.from_json(tutorial.quiz) if tutorial.quiz else None
    assert tutorial.published_at is not None  # noqa: S101 - a constraint says so
    return Lesson(tutorial, quiz, tutorial.minutes * 60, tutorial.published_at)


def opened_to_members() -> Mapping[int, list[tuple[datetime, datetime | None]]]:
    """When what is paid for was open to whom."""
    opened: defaultdict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for user, since, until in AccessGrant.objects.values_list("user", "starts_at", "ends_at"):
        opened[user].append((since, until))
    return opened


class Habit:
    """One member's way through the tutorials."""

    def __init__(
        self,
        season: Season,
        member: Member,
        lessons: Mapping[str, Lesson],
        way: list[str],
        guesses: list[str],
        opened: list[tuple[datetime, datetime | None]],
        journal: Journal,
    ) -> None:
        self.season, self.member, self.chance, self.opened = season, member, season.chance, opened
        self.journal, self.guesses = journal, guesses
        others = self.chance.sample(sorted(lessons), len(lessons))
        self.way = [lessons[slug] for slug in dict.fromkeys([*way, *others]) if slug in lessons]
        self.progress: dict[int, TutorialProgress] = {}
        self.tried: Counter[int] = Counter()
        self.passed: set[int] = set()
        self.seconds: Counter[date] = Counter()
        self.learner = Learner(user=member.user, daily_goal=self.chance.choice((5, 10, 10, 10, 15, 20, 30)))
        self.skill = self.chance.uniform(0.72, 0.97)
        # How likely they come back the very next day.
        self.constancy = min(0.96, 0.2 + 0.24 * member.energy + self.chance.random() * 0.3)
        self.patience = self.chance.uniform(170, 470)  # seconds that they read at a time
        # From then on they finish nothing, so that there is something to go on with.
        self.breaks_off: datetime | None = None

    def live(self, *, streak: int) -> None:
        """From the first day to the last; `streak`: so many days in a row at the end, which takes a slow reader."""
        if streak:
            self.patience, self.constancy, self.learner.daily_goal = SLOW, SELDOM, GOAL
            self.breaks_off = self.season.ago(1.3)
        at = self.member.joined + HOUR * self.chance.uniform(0.1, 0.9)
        last_days = self.season.ago(streak + 0.5)
        while at <= self.member.left:
            self.learn(at)
            follows = self.chance.random() < self.constancy or at > last_days
            days = 1 if follows else 2 + self.chance.expovariate(1 / 3)
            if streak and at < last_days < at + days * DAY:
                days = (last_days - at) / DAY + 0.2
            # Near the end at the same time each day, so that none is left out.
            hour = HOUR * (0 if streak and at > last_days else self.chance.uniform(-2, 2))
            at = self.season.in_waking_hours(at + days * DAY + hour, self.member.zone)
        if self.seconds:
            self.close()

    def learn(self, at: datetime) -> None:
        lesson = self.next_lesson(at)
        if lesson is None:
            return
        pk = lesson.tutorial.pk
        if pk not in self.progress or self.progress[pk].completed_at is None:
            self.read(lesson, at)
        if self.progress[pk].completed_at is not None and lesson.quiz and pk not in self.passed:
            if self.chance.random() < 0.85:
                self.answer(lesson, lesson.quiz, at + HOUR * 0.2)
            elif self.chance.random() < 0.5:
                self.passed.add(pk)  # they leave it at that

    def next_lesson(self, at: datetime) -> Lesson | None:
        """The first that is not done, of those that are out and open to them."""
        for lesson in self.way:
            progress = self.progress.get(lesson.tutorial.pk)
            is_done = progress is not None and progress.completed_at is not None
            if is_done and (lesson.quiz is None or lesson.tutorial.pk in self.passed):
                continue
            if lesson.out_at <= at and self.may_read(lesson, at):
                return lesson
        return None

    def may_read(self, lesson: Lesson, at: datetime) -> bool:
        if lesson.tutorial.access == FREE or self.member.user.is_staff:
            return True
        return any(since <= at and (until is None or at < until) for since, until in self.opened)

    def read(self, lesson: Lesson, at: datetime) -> None:
        """Part of a tutorial, or the rest of it; as they do who come back tomorrow."""
        tutorial = lesson.tutorial
        row = self.progress.get(tutorial.pk)
        if row is None:
            row = TutorialProgress(user=self.member.user, tutorial=tutorial, started_at=at)
            self.progress[tutorial.pk] = row
        seconds = round(self.patience * self.chance.uniform(0.6, 1.5))
        seconds = min(seconds, MOST_AT_ONCE - 1)
        fraction = min(1.0, row.fraction + seconds / (lesson.seconds * 0.9))
        if self.breaks_off is not None and at > self.breaks_off:
            fraction = max(row.fraction, min(fraction, MOSTLY))
        place = int(fraction * len(tutorial.blocks)) - 1
        now = at + seconds * DAY / 86_400
        if now > self.season.now:
            return
        row.spend(seconds, visit="")
        if row.advance_to(fraction, block=tutorial.blocks[place]["id"] if place >= 0 else "", now=now):
            self.journal.note("tutorials_finished", self.member.pk, now)
        self.note_day(now, seconds)

    def answer(self, lesson: Lesson, quiz: Quiz, at: datetime) -> None:
        if at > self.season.now:
            return
        pk = lesson.tutorial.pk
        # Who has seen the explanations once does better.
        skill = self.skill + (1 - self.skill) * 0.6 * min(self.tried[pk], 2)
        marked = check(quiz, {question.key: self.chosen(question, skill) for question in quiz.questions})
        right = score(marked)
        self.tried[pk] += 1
        attempt = QuizAttempt(
            user=self.member.user,
            tutorial=lesson.tutorial,
            number=self.tried[pk],
            at=at,
            score=right,
            passed=round(right * 100, 6) >= lesson.tutorial.pass_mark,
        )
        self.journal.attempts.append(attempt)
        self.journal.answers += [
            QuizAnswer(attempt=attempt, question=each.question.key, chosen=each.chosen, right=each.right)
            for each in marked
        ]
        if attempt.passed:
            self.passed.add(pk)
            self.journal.note("quizzes_passed", self.member.pk, at)
        self.note_day(at, 0)

    def chosen(self, question: Question, skill: float) -> list[str]:
        knows = self.chance.random() < skill
        if question.kind == "short":
            return [question.accepted[0] if knows else self.chance.choice(self.guesses)]
        right = [option.key for option in question.options if option.right]
        if knows:
            return right
        wrong = [option.key for option in question.options if not option.right]
        if question.kind == "single" or len(right) == 1:
            return [self.chance.choice(wrong or right)]
        return right[:-1]

    def note_day(self, at: datetime, seconds: int) -> None:
        day = at.astimezone(ZoneInfo(self.member.zone)).date()
        before = self.learner.longest_streak
        self.learner.note_day(day)
        self.seconds[day] += seconds
        self.learner.credited_at = at
        if seconds:
            self.journal.note("minutes_learned", self.member.pk, at, seconds / 60)
        if self.learner.longest_streak > before:
            self.journal.note("streak_days", self.member.pk, at)

    def close(self) -> None:
        user = self.member.user
        self.journal.progress += self.progress.values()
        self.journal.days += [LearningDay(user=user, day=day, seconds=spent) for day, spent in self.seconds.items()]
        self.journal.learners.append(self.learner)


def make_bookmarks(season: Season, learner: Member, journal: Journal) -> None:
    """Places that people noted while they read; the learner has one that is known."""
    notes, chance = Deck(read_data("notes.yaml")["bookmarks"], season.chance), season.chance
    read = [row for row in journal.progress if row.tutorial.blocks]
    rows = {}
    for progress in sorted(chance.sample(read, min(BOOKMARKS, len(read))), key=lambda row: row.moved_at):
        block = chance.choice(progress.tutorial.blocks)["id"]
        rows[progress.user_id, progress.tutorial_id] = Bookmark(
            user=progress.user,
            tutorial=progress.tutorial,
            block=block,
            note=notes.deal(),
            created_at=season.between(progress.started_at, progress.moved_at),
        )
    for progress in read:
        if progress.user == learner.user and progress.tutorial.slug == LEARNERS_TUTORIAL:
            rows[progress.user_id, progress.tutorial_id] = Bookmark(
                user=learner.user,
                tutorial=progress.tutorial,
                block=progress.tutorial.blocks[LEARNERS_BLOCK]["id"],
                note=LEARNERS_NOTE,
                created_at=progress.moved_at,
            )
    Bookmark.objects.bulk_create(sorted(rows.values(), key=lambda row: row.created_at))
    Bookmark.objects.update(updated_at=F("created_at"))
