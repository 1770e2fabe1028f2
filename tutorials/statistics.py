"""What authors learn of how a tutorial is read: counts of all readers, nobody by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Aggregate, Avg, Count, F, FloatField, Func, Q

from tutorials.models import QuizAnswer, QuizAttempt, Tutorial, TutorialProgress
from tutorials.quiz import Question, Quiz

# Of short answers, the wrong ones that were given most often.
MOST_WORDS = 5
WORDS_LOOKED_AT = 500


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Place:
    """A block, or the opening (`block` is "").

    `reached`: readers who came so far; `stopped`: those of them who went no further.
    """

    block: str
    text: str
    level: int
    reached: int
    stopped: int
    readers: int

    @property
    def percent(self) -> int:
        return percent(self.reached, self.readers)


@dataclass(frozen=True)
class Reading:
    """`seconds` is the median attention; None when nobody read. `elsewhere`: readers whose block is gone by now."""

    readers: int
    finished: int
    seconds: float | None
    places: list[Place]
    elsewhere: int

    @property
    def finish_rate(self) -> int:
        return percent(self.finished, self.readers)


@dataclass(frozen=True)
class Choice:
    """What was answered, how often, and the average score (percent) of those who answered so."""

    text: str
    right: bool
    times: int
    percent: int
    score: int | None


@dataclass(frozen=True)
class Difficulty:
    """A question: how many answered it the first time, and how."""

    question: Question
    answers: int
    right: int
    choices: list[Choice]

    @property
    def percent(self) -> int:
        return percent(self.right, self.answers)


@dataclass(frozen=True)
class Quizzing:
    """First attempts only: later ones tell what the explanations taught. `score`: median, percent."""

    learners: int
    passed: int
    score: int | None
    questions: list[Difficulty]

    @property
    def pass_rate(self) -> int:
        return percent(self.passed, self.learners)


def percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def reading_of(tutorial: Tutorial) -> Reading:
    """Two statements, however many readers there are."""
    progress = TutorialProgress.objects.filter(tutorial=tutorial)
    finished = Count("pk", filter=Q(completed_at__isnull=False))
    totals = progress.aggregate(readers=Count("pk"), finished=finished, seconds=Median("seconds"))
    halted = dict(progress.filter(completed_at__isnull=True).order_by().values_list("block").annotate(Count("pk")))
    blocks = [{"id": "", "text": "Opening", "level": 2}, *tutorial.blocks]
    elsewhere = sum(halted.values()) - sum(halted.get(block["id"], 0) for block in blocks)
    # Who has finished, or stands further on, came past here.
    reached = totals["readers"] - elsewhere
    places: list[Place] = []
    for block in blocks:
        stopped = halted.get(block["id"], 0)
        places.append(Place(block["id"], block["text"], block["level"], reached, stopped, totals["readers"]))
        reached -= stopped
    return Reading(totals["readers"], totals["finished"], totals["seconds"], places, elsewhere)


def quizzing_of(tutorial: Tutorial) -> Quizzing | None:
    """Four statements, however many attempts there are; None without a quiz."""
    if not tutorial.quiz:
        return None
    firsts = QuizAttempt.objects.filter(tutorial=tutorial).first_ones()
    totals = firsts.aggregate(learners=Count("pk"), passed=Count("pk", filter=Q(passed=True)), score=Median("score"))
    answers = QuizAnswer.objects.filter(attempt__tutorial=tutorial, attempt__number=1).order_by()
    counts: dict[str, dict[str, Any]] = {
        row["question"]: dict(row)
        for row in answers.values("question").annotate(total=Count("pk"), correct=Count("pk", filter=Q(right=True)))
    }
    given = answers_given(answers, Quiz.from_json(tutorial.quiz))
    questions = [
        difficulty_of(question, counts.get(question.key, {}), given.get(question.key, []))
        for question in Quiz.from_json(tutorial.quiz).questions
    ]
    score = None if totals["score"] is None else round(100 * totals["score"])
    return Quizzing(totals["learners"], totals["passed"], score, questions)


def answers_given(answers: Any, quiz: Quiz) -> dict[str, list[dict[str, Any]]]:
    """Rows of choice, times and score, by question."""
    short = [question.key for question in quiz.questions if question.kind == "short"]
    choices = [question.key for question in quiz.questions if question.kind != "short"]
    counted = {"times": Count("pk"), "score": Avg("attempt__score")}
    each = answers.annotate(choice=Func(F("chosen"), function="unnest")).values("question", "choice")
    chosen = each.filter(question__in=choices).annotate(**counted)
    worded = each.filter(question__in=short, right=False).annotate(**counted).order_by("-times", "choice")
    given: dict[str, list[dict[str, Any]]] = {}
    for row in [*chosen, *worded[:WORDS_LOOKED_AT]]:
        given.setdefault(row["question"], []).append(row)
    return given


def difficulty_of(question: Question, counts: dict[str, Any], given: list[dict[str, Any]]) -> Difficulty:
    total = counts.get("total", 0)
    if question.kind == "short":
        choices = [choice_of(row["choice"], row, total, right=False) for row in given[:MOST_WORDS]]
    else:
        rows = {row["choice"]: row for row in given}
        choices = [choice_of(each.text, rows.get(each.key, {}), total, right=each.right) for each in question.options]
    return Difficulty(question, total, counts.get("correct", 0), choices)


def choice_of(text: str, row: dict[str, Any], total: int, *, right: bool) -> Choice:
    times = row.get("times", 0)
    score = round(100 * row["score"]) if times else None
    return Choice(text, right, times, percent(times, total), score)
