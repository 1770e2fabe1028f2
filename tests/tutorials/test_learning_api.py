"""Learning through the API: progress, quizzes, bookmarks, achievements."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.accounts.test_users_api import key_of
from tests.factories import make_grant, make_tutorial
from tests.tutorials.callers import Caller, faults, refusal, words
from tests.tutorials.learners import answers_to, finish, make_achievement, make_quiz_tutorial
from tutorials.models import Award, Bookmark, LearningDay, QuizAttempt, Tutorial, TutorialProgress
from tutorials.services import awarding

pytestmark = pytest.mark.django_db

PROGRESS = "tutorials/prompting-that-works/progress"
NOTHING_YET = {"fraction": 0.0, "seconds": 0, "block": None, "completed_at": None}
OWN = [
    ("get", "tutorials/prompting-that-works/progress"),
    ("put", "tutorials/prompting-that-works/progress"),
    ("get", "tutorials/prompting-that-works/quiz"),
    ("get", "tutorials/prompting-that-works/quiz/attempts"),
    ("post", "tutorials/prompting-that-works/quiz/attempts"),
    ("get", "tutorials/prompting-that-works/bookmark"),
    ("put", "tutorials/prompting-that-works/bookmarks/first-steps"),
    ("delete", "tutorials/prompting-that-works/bookmarks/first-steps"),
    ("get", "bookmarks"),
    ("get", "users/me/achievements"),
]


@pytest.mark.parametrize(("method", "path"), OWN)
def test_a_visitor_has_nothing_of_their_own(tutorial: Tutorial, method: str, path: str) -> None:
    answer = getattr(Caller(), method)(path)
    assert refusal(answer) == (401, "not_authenticated")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(("method", "path"), [each for each in OWN if each[0] == "get"])
def test_what_is_one_s_own_is_kept_by_no_cache(learner: User, method: str, path: str) -> None:
    make_quiz_tutorial("Prompting that works")
    assert "no-store" in Caller(learner).get(path)["Cache-Control"]


# Progress


def test_progress_is_nothing_before_it_begins(learner: User, tutorial: Tutorial) -> None:
    assert Caller(learner).get(PROGRESS).json() == NOTHING_YET


def test_progress_is_kept_and_comes_back(learner: User, stranger: User, tutorial: Tutorial) -> None:
    report = {"fraction": 0.75, "seconds": 300, "block": "first-steps"}
    answer = Caller(learner).put(PROGRESS, report)
    assert answer.status_code == 200
    assert answer.json() == report | {"completed_at": None, "awards": [], "certificates": []}
    assert Caller(learner).get(PROGRESS).json() == report | {"completed_at": None}
    assert Caller(stranger).get(PROGRESS).json() == NOTHING_YET


def test_the_same_report_twice_changes_nothing(learner: User, tutorial: Tutorial) -> None:
    report = {"fraction": 0.75, "seconds": 300, "block": "first-steps", "visit": "tab-1"}
    first, second = (Caller(learner).put(PROGRESS, report).json() for _ in range(2))
    assert first == second
    assert LearningDay.objects.get().seconds == 300


def test_progress_never_goes_back_and_a_place_may(learner: User, tutorial: Tutorial) -> None:
    Caller(learner).put(PROGRESS, {"fraction": 0.8, "block": "last-words"})
    assert Caller(learner).put(PROGRESS, {"fraction": 0.2, "block": None}).json()["block"] == "last-words"
    answer = Caller(learner).put(PROGRESS, {"fraction": 0.2, "block": ""}).json()
    assert (answer["fraction"], answer["block"]) == (0.8, "")


def test_who_finishes_is_told_what_they_earned(learner: User, tutorial: Tutorial) -> None:
    achievement = make_achievement("tutorials_finished")
    answer = Caller(learner).put(PROGRESS, {"fraction": 1}).json()
    assert answer["completed_at"]
    assert [award["code"] for award in answer["awards"]] == [achievement.code]
    assert answer["awards"] == Caller(learner).get("users/me/achievements").json()["results"]
    assert Caller(learner).put(PROGRESS, {"fraction": 1}).json() == answer | {"awards": []}


NO_FRACTION, NO_SECONDS = "Enter a fraction from 0 to 1.", "Enter a whole number of seconds."


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({}, {"fraction": "This field is required."}),
        ({"fraction": None}, {"fraction": "This field may not be null."}),
        ({"fraction": 1.01}, {"fraction": NO_FRACTION}),
        ({"fraction": -0.01}, {"fraction": NO_FRACTION}),
        ({"fraction": "NaN"}, {"fraction": NO_FRACTION}),
        ({"fraction": "0.5"}, {"fraction": NO_FRACTION}),
        ({"fraction": True}, {"fraction": NO_FRACTION}),
        ({"fraction": [0.5]}, {"fraction": NO_FRACTION}),
        ({"fraction": 10**400}, {"fraction": NO_FRACTION}),
        ('{"fraction": 1e999}', {"fraction": NO_FRACTION}),
        ({"fraction": 0.5, "seconds": -1}, {"seconds": "Enter seconds of attention from 0 to 86,400."}),
        ({"fraction": 0.5, "seconds": 10**30}, {"seconds": "Enter seconds of attention from 0 to 86,400."}),
        ({"fraction": 0.5, "seconds": 1.5}, {"seconds": NO_SECONDS}),
        ({"fraction": 0.5, "seconds": "30"}, {"seconds": NO_SECONDS}),
        ({"fraction": 0.5, "seconds": True}, {"seconds": NO_SECONDS}),
        ({"fraction": 0.5, "block": "nowhere"}, {"block": "There is no such place in this tutorial."}),
        ({"fraction": 0.5, "block": 7}, {"block": "Not a valid string."}),
        ({"fraction": 0.5, "block": "a\0"}, {"block": "Null characters are not allowed."}),
        ({"fraction": 0.5, "visit": "x" * 65}, {"visit": "Name a visit with at most 64 characters."}),
        ({"fraction": 0.5, "user": 1}, {"user": "This cannot be changed here."}),
        ({"fraction": 2, "seconds": -1, "block": "nowhere"}, None),
    ],
)
def test_a_report_that_cannot_be_true_is_refused_at_its_field(
    learner: User, tutorial: Tutorial, report: Any, said: dict[str, str] | None
) -> None:
    answer = words(Caller(learner).put(PROGRESS, report))
    if said is None:
        assert answer.keys() == {"fraction", "seconds", "block"}
    else:
        assert answer == said
    assert not TutorialProgress.objects.exists()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_in_json_is_no_json(learner: User, tutorial: Tutorial, number: str) -> None:
    assert refusal(Caller(learner).put(PROGRESS, f'{{"fraction": {number}}}')) == (400, "parse_error")


def test_who_may_not_read_makes_no_progress(learner: User, premium_tutorial: Tutorial) -> None:
    path = "tutorials/agents-and-tools/progress"
    assert refusal(Caller(learner).put(path, {"fraction": 1})) == (403, "premium_required")
    assert Caller(learner).get(path).json() == NOTHING_YET
    make_grant(learner)
    assert Caller(learner).put(path, {"fraction": 1}).status_code == 200


def test_progress_is_a_matter_of_tutorials_for_keys(learner: User, tutorial: Tutorial) -> None:
    assert key_of(learner, "tutorials:read").get(f"/api/{PROGRESS}").json() == NOTHING_YET
    assert refusal(key_of(learner, "tutorials:read").put(f"/api/{PROGRESS}", {"fraction": 1})) == (403, "missing_scope")
    assert key_of(learner, "tutorials:write").put(f"/api/{PROGRESS}", {"fraction": 1}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_count_once(learner: User, tutorial: Tutorial) -> None:
    make_achievement("tutorials_finished")
    callers = [Caller(learner) for _ in range(2)]
    reports = [
        {"fraction": 1, "seconds": 200, "block": "last-words", "visit": "tab"},
        {"fraction": 0.5, "seconds": 200, "block": "last-words", "visit": "tab"},
    ]
    answers = at_once(callers, "put", PROGRESS, reports)
    assert [answer.status_code for answer in answers] == [200, 200]
    kept = TutorialProgress.objects.get()
    assert (kept.fraction, kept.seconds) == (1, 200)
    assert LearningDay.objects.get().seconds == 200
    assert Award.objects.count() == 1
    assert sum(len(answer.json()["awards"]) for answer in answers) == 1


@pytest.mark.django_db(transaction=True)
def test_two_marks_at_once_are_one(learner: User, tutorial: Tutorial) -> None:
    callers = [Caller(learner) for _ in range(2)]
    path = "tutorials/prompting-that-works/bookmarks/first-steps"
    answers = at_once(callers, "put", path, [{"note": "Again."}, {"note": "Again."}])
    assert [answer.json()["note"] for answer in answers] == ["Again.", "Again."]
    assert Bookmark.objects.count() == 1


def at_once(callers: list[Caller], method: str, path: str, bodies: list[dict[str, Any]]) -> list[Any]:
    """The answers to several who begin together, each with a connection of their own."""
    start = threading.Barrier(len(callers), timeout=10)
    answers: list[Any] = [None] * len(callers)

    def call(number: int) -> None:
        try:
            start.wait()
            answers[number] = callers[number].send(method, path, bodies[number])
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return answers


# Quizzes


def test_a_quiz_asks_and_hints_at_nothing(learner: User) -> None:
    make_quiz_tutorial("Asked")
    answer = Caller(learner).get("tutorials/asked/quiz")
    body = answer.json()
    assert body.keys() == {"pass_mark", "questions"}
    assert [question["kind"] for question in body["questions"]] == ["single", "multiple", "short"]
    for question in body["questions"]:
        assert question.keys() == {"key", "kind", "text", "html", "options"}
        for option in question["options"]:
            assert option.keys() == {"key", "text", "html"}
    for secret in ("embedding", "Models read", "Not here", "right", "explanation"):
        assert secret not in answer.content.decode()


def test_there_is_no_quiz_where_none_was_written(learner: User, tutorial: Tutorial) -> None:
    assert refusal(Caller(learner).get("tutorials/prompting-that-works/quiz")) == (404, "not_found")
    assert Caller(learner).post("tutorials/prompting-that-works/quiz/attempts", {"answers": {}}).status_code == 404


def test_a_quiz_is_marked_and_explained(learner: User, stranger: User) -> None:
    tutorial = make_quiz_tutorial("Asked")
    answer = Caller(learner).post("tutorials/asked/quiz/attempts", {"answers": answers_to(tutorial)})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["number"], body["score"], body["passed"], body["awards"]) == (1, 1.0, True, [])
    assert [question["right"] for question in body["questions"]] == [True, True, True]
    single, _, short = body["questions"]
    assert [option["right"] for option in single["options"]] == [False, True]
    assert "Models read and write these." in single["options"][1]["explanation_html"]
    assert "embedding" in short["accepted"]
    assert Caller(stranger).get("tutorials/asked/quiz/attempts").json()["results"] == []


def test_attempts_are_kept_the_latest_first(learner: User) -> None:
    tutorial = make_quiz_tutorial("Asked")
    caller = Caller(learner)
    made = [
        caller.post("tutorials/asked/quiz/attempts", {"answers": answers_to(tutorial, right=right)}).json()
        for right in (False, True)
    ]
    first_page = caller.get("tutorials/asked/quiz/attempts?page_size=1").json()
    assert first_page["results"] == [{name: made[1][name] for name in ("number", "at", "score", "passed")}]
    second_page = caller.client.get(first_page["next"]).json()
    assert [attempt["number"] for attempt in second_page["results"]] == [1]
    assert made[0]["passed"] is False


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"of-another-quiz": ["a"]}, {"of-another-quiz"}),
        ({"what-is-a-token": ["of-another-option"]}, {"what-is-a-token"}),
        ({"what-is-a-token": "a-coin"}, {"what-is-a-token"}),
        ({"what-is-a-token": [7]}, {"what-is-a-token"}),
        ({"what-is-a-token": None}, {"what-is-a-token"}),
        ({"Not a key\n": ["a"]}, {"answers"}),
        (["a"], {"answers"}),
        (None, {"answers"}),
    ],
)
def test_what_is_no_answer_is_refused_at_its_question(learner: User, answers: object, fields: set[str]) -> None:
    make_quiz_tutorial("Asked")
    answer = Caller(learner).post("tutorials/asked/quiz/attempts", {"answers": answers})
    assert {field for field, _ in faults(answer)} == fields
    assert not QuizAttempt.objects.exists()


def test_a_closed_quiz_is_neither_shown_nor_marked(learner: User) -> None:
    tutorial = make_quiz_tutorial("Asked", access="premium")
    asked = Caller(learner).get("tutorials/asked/quiz")
    assert refusal(asked) == (403, "premium_required")
    assert asked.json()["detail"] == "The rest of this tutorial is for Premium."
    sent = Caller(learner).post("tutorials/asked/quiz/attempts", {"answers": answers_to(tutorial)})
    assert refusal(sent) == (403, "premium_required")
    make_grant(learner)
    assert Caller(learner).get("tutorials/asked/quiz").status_code == 200


def test_the_gate_is_asked_once(learner: User) -> None:
    tutorial = make_quiz_tutorial("Asked", access="premium")
    make_grant(learner)
    for method, path, body in (
        ("put", "tutorials/asked/progress", {"fraction": 0.5}),
        ("post", "tutorials/asked/quiz/attempts", {"answers": answers_to(tutorial)}),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert Caller(learner).send(method, path, body).status_code < 300
        # That which asks for the session asks for the tier, too (billing.tiers); it decides nothing.
        asked = [query["sql"] for query in queries if "billing_accessgrant" in query["sql"]]
        assert len([sql for sql in asked if "accounts_session" not in sql]) == 1


def test_page_and_api_close_the_gate_with_the_same_words(learner: User, client: Client) -> None:
    tutorial = make_quiz_tutorial("Asked", access="premium")
    said = Caller(learner).get("tutorials/asked/quiz").json()["detail"]
    client.force_login(learner)
    for answer in (
        client.get(reverse("tutorials:quiz", args=["asked"])),
        client.post(reverse("tutorials:quiz", args=["asked"]), answers_to(tutorial)),
        client.post(reverse("tutorials:progress", args=["asked"]), {"fraction": "1", "visit": "v"}),
    ):
        assert answer.status_code == 403
        assert said in answer.content.decode()
    assert not QuizAttempt.objects.exists()


# Bookmarks


def test_a_mark_is_made_changed_and_taken_away(learner: User, stranger: User, tutorial: Tutorial) -> None:
    path = "tutorials/prompting-that-works/bookmarks/first-steps"
    caller = Caller(learner)
    made = caller.put(path, {"note": "Again."})
    assert made.status_code == 200
    assert made.json() | {"created_at": ""} == {
        "tutorial": "prompting-that-works",
        "title": "Prompting that works",
        "block": "first-steps",
        "heading": "First steps",
        "note": "Again.",
        "created_at": "",
    }
    assert caller.put(path, {"note": "Again."}).json() == made.json() == caller.get(path).json()
    assert caller.put(path).json()["note"] == ""
    assert Caller(stranger).get(path).status_code == 404
    assert Caller(stranger).delete(path).status_code == 204
    assert [caller.delete(path).status_code for _ in range(2)] == [204, 204]
    assert caller.get(path).status_code == 404


def test_the_list_of_marks_says_what_one_of_them_says(learner: User, stranger: User, tutorial: Tutorial) -> None:
    caller = Caller(learner)
    beginning = caller.put("tutorials/prompting-that-works/bookmark").json()
    block = caller.put("tutorials/prompting-that-works/bookmarks/last-words", {"note": "!"}).json()
    assert (beginning["block"], beginning["heading"]) == ("", "")
    assert caller.get("bookmarks").json()["results"] == [block, beginning]
    assert Caller(stranger).get("bookmarks").json()["results"] == []


def test_a_mark_needs_a_place_and_a_text(learner: User, tutorial: Tutorial) -> None:
    caller = Caller(learner)
    nowhere = caller.put("tutorials/prompting-that-works/bookmarks/nowhere")
    assert words(nowhere) == {"block": "There is no such place in this tutorial."}
    here = "tutorials/prompting-that-works/bookmark"
    assert {field for field, _ in faults(caller.put(here, {"note": "x" * 2001}))} == {"note"}
    assert {field for field, _ in faults(caller.put(here, {"note": 7}))} == {"note"}
    assert not Bookmark.objects.exists()


def test_more_marks_cost_no_more_queries(
    learner: User, tutorial: Tutorial, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    caller = Caller(learner)
    for block in ("", "first-steps"):
        Bookmark.objects.create(user=learner, tutorial=tutorial, block=block)
    with django_assert_max_num_queries(8) as few:
        caller.get("bookmarks")
    for number in range(8):
        Bookmark.objects.create(user=learner, tutorial=make_tutorial(f"T{number}"))
    with django_assert_max_num_queries(8) as many:
        assert len(caller.get("bookmarks").json()["results"]) == 10
    assert len(many) == len(few)


# Achievements


def test_all_that_can_be_earned_is_shown_to_everybody() -> None:
    earnable = make_achievement("tutorials_finished", 5)
    make_achievement("streak_days", is_active=False)
    (shown,) = Caller().get("achievements").json()["results"]
    assert shown == {
        "code": earnable.code,
        "title": earnable.title,
        "description": "Do it.",
        "picture_url": f"http://testserver/achievements/{earnable.code}.svg",
        "rule": "tutorials_finished",
        "threshold": 5,
    }
    assert Caller().client.get(shown["picture_url"])["Content-Type"] == "image/svg+xml"


def test_one_s_own_come_with_their_dates(learner: User, stranger: User, tutorial: Tutorial) -> None:
    achievement = make_achievement("tutorials_finished")
    finish(learner, tutorial)
    (own,) = Caller(learner).get("users/me/achievements").json()["results"]
    (listed,) = Caller().get("achievements").json()["results"]
    assert own == listed | {"earned_at": own["earned_at"]}
    assert own["earned_at"]
    assert own["code"] == achievement.code
    assert Caller(stranger).get("users/me/achievements").json()["results"] == []


def test_to_ask_for_one_s_own_is_not_to_be_told(learner: User, tutorial: Tutorial) -> None:
    """The page still announces them."""
    make_achievement("tutorials_finished")
    finish(learner, tutorial)
    Caller(learner).get("users/me/achievements")
    assert len(awarding.announce(user=learner).awards) == 1


@pytest.mark.parametrize(
    ("audience", "visitor_sees", "member_sees"),
    [("everybody", True, True), ("members", False, True), ("nobody", False, False)],
)
def test_a_person_s_are_shown_to_whom_they_chose(
    learner: User, stranger: User, tutorial: Tutorial, audience: str, visitor_sees: bool, member_sees: bool
) -> None:
    make_achievement("tutorials_finished")
    finish(learner, tutorial)
    learner.profile.learning_visible_to = audience
    learner.profile.save()
    path = f"users/{learner.pk}/achievements"
    own = Caller(learner).get("users/me/achievements").json()
    assert Caller(learner).get(path).json() == own
    for caller, sees in ((Caller(), visitor_sees), (Caller(stranger), member_sees)):
        answer = caller.get(path)
        assert answer.status_code == (200 if sees else 404)
        assert not sees or answer.json() == own


def test_nobody_s_and_a_banned_person_s_are_not_there(learner: User) -> None:
    learner.is_active = False
    learner.save()
    for pk in (learner.pk, 0, 10**30):
        assert refusal(Caller().get(f"users/{pk}/achievements")) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["users/me/achievements", "achievements", "tutorials/prompting-that-works/quiz/attempts"]
)
def test_longer_lists_cost_no_more_queries(
    learner: User, tutorial: Tutorial, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    caller = Caller(learner)

    def add(count: int) -> None:
        for _ in range(count):
            number = QuizAttempt.objects.count() + 1
            QuizAttempt.objects.create(user=learner, tutorial=tutorial, number=number, score=1, passed=True)
            Award.objects.create(user=learner, achievement=make_achievement("streak_days", number))

    add(1)
    with django_assert_max_num_queries(6) as few:
        caller.get(path)
    add(5)
    with django_assert_max_num_queries(6) as many:
        assert len(caller.get(path).json()["results"]) == 6
    assert len(many) == len(few)
