"""A tutorial's quiz: the questions, and how it went."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.permissions import member
from tutorials import learning
from tutorials.models import QuizAttempt, Tutorial
from tutorials.quiz import RESERVED_KEYS, Quiz
from tutorials.services import awarding
from tutorials.services.progress import require_access
from tutorials.services.quizzes import answer_quiz
from tutorials.views import find


@require_http_methods(["GET", "HEAD", "POST"])
def quiz(request: HttpRequest, slug: str) -> HttpResponse:
    tutorial = find(request, slug)
    if tutorial.quiz is None:
        raise Http404
    if request.method != "POST":
        require_access(member(request), tutorial)
        return show(request, tutorial)
    answers = {
        name: [value for value in values if value.strip()]
        for name, values in request.POST.lists()
        if name not in RESERVED_KEYS
    }
    try:
        result = answer_quiz(user=member(request), tutorial=tutorial, answers=answers)
    except ValidationError as error:
        return show(request, tutorial, answers=answers, faults=error.message_dict)
    here = reverse("tutorials:quiz", args=[slug])
    return redirect(f"{here}?attempt={result.attempt.number}")


def show(
    request: HttpRequest,
    tutorial: Tutorial,
    *,
    answers: dict[str, list[str]] | None = None,
    faults: dict[str, list[str]] | None = None,
) -> HttpResponse:
    """The questions to be answered; with an attempt of one's own, how it went."""
    user = member(request)
    attempt = attempt_of(request, tutorial)
    given = {row.question: row for row in attempt.answers.all()} if attempt else {}
    questions = [
        {
            "question": question,
            "answer": given.get(question.key),
            "chosen": given[question.key].chosen if question.key in given else (answers or {}).get(question.key, []),
            "faults": (faults or {}).pop(question.key, []),
        }
        for question in Quiz.from_json(tutorial.quiz or {}).questions
    ]
    context: dict[str, Any] = {
        "tutorial": tutorial,
        "attempt": attempt,
        "questions": questions,
        # What is left is about no question of this quiz.
        "faults": [fault for messages in (faults or {}).values() for fault in messages],
        "walk": learning.walk_through(tutorial),
        "news": awarding.announce(user=user) if attempt else None,
    }
    return render(request, "tutorials/quiz.html", context, status=400 if faults is not None else 200)


def attempt_of(request: HttpRequest, tutorial: Tutorial) -> QuizAttempt | None:
    """The attempt that the address names. Raises Http404 if there is none of this person."""
    number = request.GET.get("attempt", "")
    if not number:
        return None
    own = QuizAttempt.objects.of(member(request)).filter(tutorial=tutorial).prefetch_related("answers")
    found: QuizAttempt | None = (
        own.filter(number=int(number)).first() if number.isdecimal() and len(number) < 9 else None
    )
    if found is None:
        raise Http404
    return found
