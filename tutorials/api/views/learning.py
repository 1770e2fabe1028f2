"""What learners do: progress, quizzes, bookmarks."""

from __future__ import annotations

from django.http import Http404
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import member
from common.api import PrivateView, Row, answer, answer_from, validated
from common.forms import PlaceForm
from common.openapi import OF_ONE_PERSON, Limit, Listed, Refusal, described
from tutorials.api import shapes
from tutorials.api.representations import (
    ATTEMPT_COLUMNS,
    attempt_item,
    attempt_row,
    award_item,
    award_row,
    bookmark_item,
    bookmark_row,
    certificate_item,
    certificate_row,
    progress_of,
    question_marked,
    quiz_of,
)
from tutorials.api.serializers import AnswersSerializer, BookmarkSerializer, ProgressSerializer
from tutorials.learning import list_bookmarks
from tutorials.models import Bookmark, QuizAttempt, Tutorial, TutorialProgress
from tutorials.quiz import Quiz
from tutorials.services import bookmarks
from tutorials.services.progress import Step, record_progress, require_access
from tutorials.services.quizzes import RATE, Result, answer_quiz
from tutorials.views import find

NEEDS_PREMIUM = Refusal(403, "premium_required", "the rest of it, its quiz, or progress in it, needs Premium")


class LearningView(PrivateView):
    area = "tutorials"
    group = "Learning"


class ProgressView(LearningView):
    @described("Read your progress", gives=shapes.Progress)
    def get(self, request: Request, slug: str) -> Response:
        own = TutorialProgress.objects.filter(user=member(request), tutorial=find(request, slug))
        return Response(progress_of(own.first()))

    @described("Report progress", takes=ProgressSerializer, gives=shapes.ProgressMade, refuses=(NEEDS_PREMIUM,))
    def put(self, request: Request, slug: str) -> Response:
        """Move forward; `awards` and `certificates` are those that this has earned."""
        tutorial = find(request, slug)
        report = validated(ProgressSerializer(data=request.data))
        step = record_progress(user=member(request), tutorial=tutorial, **report)
        return Response(progress_of(step.progress) | earned(step, request))


class QuizView(LearningView):
    @described("Read a quiz", gives=shapes.Quiz, refuses=(NEEDS_PREMIUM,))
    def get(self, request: Request, slug: str) -> Response:
        tutorial = find_asking(request, slug)
        require_access(member(request), tutorial)
        return Response(quiz_of(Quiz.from_json(tutorial.quiz or {}), pass_mark=tutorial.pass_mark))


class AttemptsView(LearningView):
    """How one did in a quiz, the latest first; and where one answers it."""

    @described("List your attempts at a quiz", query=PlaceForm, gives=Listed(shapes.Attempt))
    def get(self, request: Request, slug: str) -> Response:
        own = QuizAttempt.objects.of(member(request)).filter(tutorial=find(request, slug))
        return answer_from(request, own.values(*ATTEMPT_COLUMNS), order=("-number",), item=attempt_item)

    @described(
        "Answer a quiz",
        takes=AnswersSerializer,
        gives={201: shapes.AttemptMarked},
        refuses=(NEEDS_PREMIUM,),
        limits=(Limit(RATE, OF_ONE_PERSON),),
    )
    def post(self, request: Request, slug: str) -> Response:
        """What is left out is wrong. The answer says what was right, and why."""
        tutorial = find_asking(request, slug)
        result = answer_quiz(user=member(request), tutorial=tutorial, **validated(AnswersSerializer(data=request.data)))
        body = attempt_item(attempt_row(result.attempt)) | {
            "questions": [question_marked(marked) for marked in result.marked],
            **earned(result, request),
        }
        return Response(body, status=status.HTTP_201_CREATED)


class BookmarksView(LearningView):
    @described("List your bookmarks", query=PlaceForm, gives=Listed(shapes.BookmarkListed))
    def get(self, request: Request) -> Response:
        return answer(request, list_bookmarks(member(request), PlaceForm(request.query_params)), bookmark_item)


class BookmarkView(LearningView):
    """A mark at a block; without a block, at the beginning."""

    @described("Read a bookmark", gives=shapes.BookmarkListed)
    def get(self, request: Request, slug: str, block: str = "") -> Response:
        tutorial = find(request, slug)
        own = Bookmark.objects.of(member(request)).filter(tutorial=tutorial)
        return Response(bookmark_item(bookmark_row(get_object_or_404(own, block=block), tutorial)))

    @described("Set a bookmark", takes=BookmarkSerializer, gives=shapes.BookmarkListed)
    def put(self, request: Request, slug: str, block: str = "") -> Response:
        tutorial = find(request, slug)
        fields = validated(BookmarkSerializer(data=request.data))
        bookmark = bookmarks.put_bookmark(user=member(request), tutorial=tutorial, block=block, **fields)
        return Response(bookmark_item(bookmark_row(bookmark, tutorial)))

    @described("Remove a bookmark")
    def delete(self, request: Request, slug: str, block: str = "") -> Response:
        bookmarks.remove_bookmark(user=member(request), tutorial=find(request, slug), block=block)
        return Response(status=status.HTTP_204_NO_CONTENT)


def earned(what: Step | Result, request: Request) -> Row:
    """What this has brought."""
    return {
        "awards": [award_item(award_row(award), request) for award in what.awards],
        "certificates": [certificate_item(certificate_row(each), request) for each in what.certificates],
    }


def find_asking(request: Request, slug: str) -> Tutorial:
    """One with a quiz. Raises Http404."""
    tutorial = find(request, slug)
    if tutorial.quiz is None:
        raise Http404
    return tutorial
