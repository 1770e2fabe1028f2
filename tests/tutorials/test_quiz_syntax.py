"""A quiz is written in the text, read with every fault at its line, and marked."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from tutorials import quiz
from tutorials.quiz import Question, Quiz, QuizSource

EXAMPLE = """\
? What does temperature change?
( ) How long the answer is
    Length is set by the limit of tokens.
(x) How varied the answer is
    Higher values make unlikely words likelier.

? Which of these belong in a prompt? {#what-belongs}
[x] The goal
[ ] Your password
    Never: it may be kept.

? What is the unit that models read?
= token | tokens
! Models read and write tokens: words or parts of them.
"""
Answer = TypeVar("Answer")
CHOICE = "? Why?\n(x) a\n( ) b\n"


def read(text: str) -> Quiz:
    return quiz.parse(QuizSource(text, line=1))


def question(text: str) -> Question:
    (only,) = read(text).questions
    return only


def faults(text: str) -> list[tuple[int, str]]:
    """The faults of what stands in a block whose first line is the text's first."""
    with pytest.raises(ValidationError) as refusal:
        quiz.parse(QuizSource(text, line=0))
    return located(refusal.value)


def located(error: ValidationError) -> list[tuple[int, str]]:
    return [(fault.params["line"], fault.params["fault"]) for fault in error.error_list if fault.params]


def attempt(function: Callable[[], Answer]) -> tuple[Answer | None, list[tuple[int, str]]]:
    """What comes out, or the faults; any other exception is the test's failure."""
    try:
        return function(), []
    except ValidationError as refusal:
        return None, located(refusal)


def body(*lines: str) -> str:
    return "\n".join(lines)


# Finding


def test_a_text_without_a_quiz_stays_as_it_is() -> None:
    assert quiz.split("Text\r\n\r\n```python\nquiz\n```\n") == ("Text\r\n\r\n```python\nquiz\n```\n", None)
    assert quiz.split("") == ("", None)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_quiz_is_taken_from_the_end_of_the_text(newline: str) -> None:
    text, source = quiz.split(newline.join(["Text", "", "~~~ quiz ", "? Why?", "~~~~", " ", ""]))
    assert text == f"Text{newline}{newline}"
    assert source == QuizSource("? Why?\n", line=3)


@pytest.mark.parametrize(
    "text",
    ["````markdown\n```quiz\n? Why?\n```\n````\n", "    ```quiz\n    ? Why?\n    ```\n", "```quizzes\n```\n", "`quiz`"],
)
def test_what_only_looks_like_a_quiz_is_none(text: str) -> None:
    assert quiz.split(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (body("```quiz", "```", "", "```quiz", "```"), [(4, "A text has one quiz; put its questions together.")]),
        (body("```quiz", "```", "", "More"), [(4, "The quiz must be the last thing of the text; move this above it.")]),
        (body("a", "```quiz", "? Why?", "~~~"), [(2, "The quiz has no closing line of ```.")]),
        (body("a", "````quiz", "? Why?", "```", ""), [(2, "The quiz has no closing line of ````.")]),
        (body("```quiz"), [(1, "The quiz has no closing line of ```.")]),
        (body("```quiz", "    ```"), [(1, "The quiz has no closing line of ```.")]),
        (body("```Quiz 80%", "```"), [(1, "Nothing may follow the word quiz on this line.")]),
        (
            body("- item", "", "  ```quiz", "  ```"),
            [(3, "A quiz cannot stand inside a list, a quotation or a footnote.")],
        ),
        (body("> ```quiz", "> ```"), [(1, "A quiz cannot stand inside a list, a quotation or a footnote.")]),
    ],
)
def test_a_quiz_in_the_wrong_place_is_refused_at_its_line(text: str, expected: list[tuple[int, str]]) -> None:
    with pytest.raises(ValidationError) as refusal:
        quiz.split(text)
    assert located(refusal.value) == expected


# Reading


def test_the_example_of_the_manual_is_read() -> None:
    manual = (Path(django_settings.BASE_DIR) / "docs/authoring.md").read_text()
    written = manual.partition("````markdown\n")[2].partition("````")[0]
    text, source = quiz.split(written)
    assert text == ""
    assert source == QuizSource(EXAMPLE, line=1)

    first, second, third = quiz.parse(source).questions
    assert (first.key, first.kind, first.text) == (
        "what-does-temperature-change",
        "single",
        "What does temperature change?",
    )
    assert [(option.text, option.right) for option in first.options] == [
        ("How long the answer is", False),
        ("How varied the answer is", True),
    ]
    assert first.options[1].explanation_html == "Higher values make unlikely words likelier."
    assert (second.key, second.kind) == ("what-belongs", "multiple")
    assert second.text == second.html == "Which of these belong in a prompt?"
    assert second.options[0].explanation_html == ""
    assert (third.kind, third.options, third.accepted) == ("short", [], ["token", "tokens"])
    assert third.explanation_html == "Models read and write tokens: words or parts of them."


def test_indented_lines_continue_a_question_and_an_explanation() -> None:
    read_question = question("?  Why\n  is\n\tthat?  {#k}\n(X) a\n( ) b\n  because\n\n  it *is*\n! And\n   so on.\n")
    assert (read_question.text, read_question.key) == ("Why is that?", "k")
    assert read_question.options[1].explanation_html == "because\nit <em>is</em>"
    assert read_question.explanation_html == "And\nso on."


def test_texts_are_inline_markdown_without_markup_of_their_own() -> None:
    read_question = question(
        "? Is `<b>` **bold** & <b>not</b>?\n(x) [yes](https://example.org)\n( ) [no](javascript:alert(1))\n! # x\n"
    )
    assert read_question.html == ("Is <code>&lt;b&gt;</code> <strong>bold</strong> &amp; &lt;b&gt;not&lt;/b&gt;?")
    assert read_question.text == "Is <b> bold & <b>not</b>?"
    assert read_question.options[0].html == '<a href="https://example.org" rel="noopener">yes</a>'
    assert "<a" not in read_question.options[1].html
    assert read_question.explanation_html == "# x"


def test_keys_of_questions_are_unique_and_yield_to_those_given() -> None:
    text = (
        CHOICE + CHOICE + "? Other {#why}\n= a\n" + "? snake_case?\n= a\n" + "? 日本語\n= a\n" + f"? {'w' * 99}\n= a\n"
    )
    keys = [each.key for each in read(text).questions]
    assert keys[:4] == ["why-2", "why-3", "why", "snake-case"]
    assert keys[4].startswith("question-")
    assert keys[5] == "w" * 60
    assert read("? 日本語\n= a").questions[0].key == keys[4]


def test_the_key_of_an_option_stays_when_options_are_reordered() -> None:
    first, second = question("? Why?\n(x) one\n( ) two\n").options
    assert question("? Why?\n( ) two\n(x) zero\n( )  one\n").options[2].key == first.key
    assert len({first.key, second.key}) == 2
    assert len(first.key) == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, "The quiz has no question: write one on a line that begins with ?.")),
        ("  indented\n" + CHOICE, (1, "This line is indented, but there is nothing above it to continue.")),
        ("(x) a\n" + CHOICE, (1, "There must be a question, a line that begins with ?, above this.")),
        ("?\n(x) a\n( ) b", (1, "This question has no words.")),
        ("? [](https://example.org)\n(x) a\n( ) b", (1, "This question has no words.")),
        ("? Why?", (1, "There is nothing to answer: write options, or accepted answers behind =.")),
        ("? Why?\n(x) a\n( ) b\n= c", (4, "A question has options or accepted answers (=), not both.")),
        ("? Why?\n(x) a", (1, "A question has 2 to 10 options; this has 1.")),
        (
            "? Why?\n[x] 0" + "".join(f"\n[ ] {n}" for n in range(1, 11)),
            (1, "A question has 2 to 10 options; this has 11."),
        ),
        ("? Why?\n( ) a\n( ) b", (1, "No option is right; mark it with (x).")),
        ("? Why?\n[ ] a\n[ ] b", (1, "No option is right; mark it with [x].")),
        (
            "? Why?\n(x) a\n( ) b\n(x) c",
            (4, "Only one option in round brackets can be right; for several use [ ] and [x]."),
        ),
        (
            "? Why?\n(x) a\n[x] b",
            (3, "All options of a question are in round brackets (one is right) or all in square ones."),
        ),
        ("? Why?\n(x) a\n( )", (3, "This option has no words.")),
        ("? Why?\n(x) a\n( )  a", (3, "This question has the same option above.")),
        ("? Why?\n  (x) a\n(x) b\n( ) c", (2, "An option begins at the start of its line; take away the indentation.")),
        ("? Why?\n= a | |b", (2, "An accepted answer is empty; write answers behind = with | between them.")),
        ("? Why?\n= .", (2, "An accepted answer is empty; write answers behind = with | between them.")),
        ("? Why?\n= " + "a" * 201, (2, "An accepted answer has at most 200 characters.")),
        ("? Why?\n= a\n= " + "a|" * 19 + "a", (2, "A question has at most 20 accepted answers.")),
        (
            "? Why?\n= a\n  b",
            (3, "Accepted answers stand on one line; begin another one with = instead of indenting it."),
        ),
        (CHOICE + "!", (4, "The explanation is empty: write it behind !.")),
        (CHOICE + "! a\n! b", (5, "A question has one explanation (!); indent the lines that continue it.")),
        (
            CHOICE + "! ![a](b.png)",
            (4, "This explanation may hold emphasis, code and links; pictures and footnotes go into the text."),
        ),
        (
            CHOICE + "! a^[b]",
            (4, "This explanation may hold emphasis, code and links; pictures and footnotes go into the text."),
        ),
        ("? " + "w" * 501 + "\n= a", (1, "This question has 501 characters; 500 are allowed.")),
        ("? Why?\n(x) a\n( ) " + "w" * 301, (3, "This option has 301 characters; 300 are allowed.")),
        ("? Why?\n(x) a\n  " + "w" * 1001 + "\n( ) b", (2, "This explanation has 1001 characters; 1000 are allowed.")),
        (
            "? Why? {#Not a key}\n= a",
            (1, "A key such as {#what-belongs} has small letters a-z, digits and hyphens, at most 64."),
        ),
        (
            "? Why? {#k}\n= a\n? How? {#k}\n= a",
            (3, "The question on line 1 has the same key; choose another one."),
        ),
        (CHOICE + "? a\0b\n= c", (4, "Control characters are not allowed.")),
        ("? Why?\n= \ud800", (2, "Control characters are not allowed.")),
        (CHOICE * 51, (151, "A quiz has at most 50 questions.")),
    ],
)
def test_a_fault_is_reported_at_its_line(text: str, expected: tuple[int, str]) -> None:
    assert expected in faults(text)
    if "\0" not in text and "\ud800" not in text:
        assert len(faults(text)) == 1


@pytest.mark.parametrize("line", ["Why?", "?Why", " ? Why?", "() a", "[y] a", "- a"])
def test_a_line_without_a_mark_is_reported(line: str) -> None:
    ((number, fault),) = faults(CHOICE + line)
    assert number == 4
    assert fault.startswith("Begin this line with ?, ( ), (x), [ ], [x], = or ! and a space;")


def test_all_faults_are_reported_together_in_the_order_of_their_lines() -> None:
    reported = faults("? 100%\nnonsense\n( ) a\n\n? {#A}\n(x) b\n( ) b\n")
    assert [line for line, _ in reported] == [1, 1, 2, 5, 5, 7]


def test_the_message_says_line_and_fault_and_is_not_a_pattern_itself() -> None:
    with pytest.raises(ValidationError) as refusal:
        quiz.parse(QuizSource("? 100%d", line=12))
    assert refusal.value.messages == [
        "Line 13 of the text: There is nothing to answer: write options, or accepted answers behind =."
    ]
    assert refusal.value.error_list[0].code == "quiz"


def test_thousands_of_faults_are_not_all_told() -> None:
    reported = faults("x\n" * 16_384)
    assert len(reported) == quiz.MOST_FAULTS + 1
    assert reported[-1][1] == "There are more faults from here on; mend these first."


@pytest.mark.parametrize(
    "unit",
    [
        "?\n", "? a\n", "= a|", "= \u0344\u0315\n", "( )\n", "(x) a\n", "! a\n", "  a\n", "\r", "\n", "\0", "\ud800",
        "{#", "? {#a}\n", "? *\n", "[](", "? [a](\n  ", "\ufdfa", "\u0315\u0344", " ", "|", "`", "*a_ ",
    ],
)  # fmt: skip
@pytest.mark.parametrize("head", ["", "? ", "? a\n= ", "? a\n(x) ", "? a\n(x) b\n  c\n  "])
def test_a_text_made_to_be_slow_is_read_like_any_other(head: str, unit: str) -> None:
    text = (head + unit * quiz.LONGEST_QUIZ)[: quiz.LONGEST_QUIZ]
    began = time.process_time()
    with pytest.raises(ValidationError):
        read(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("unit", ["[", "![", "*a_ ", "http://a.b/ ", "`"])
def test_the_slowest_marks_in_every_place_are_read_in_time(unit: str) -> None:
    text = "".join(f"? {n} {unit * 90}\n[x] a\n  {unit * 150}\n[ ] b\n" for n in range(50))[: quiz.LONGEST_QUIZ]
    began = time.process_time()
    attempt(lambda: read(text))
    assert time.process_time() - began < 2


def test_a_quiz_that_is_too_long_is_refused_unread() -> None:
    assert faults("\n" * 32_769) == [(0, "The quiz has 32,769 characters; 32,768 are allowed.")]


@pytest.mark.parametrize(
    "unit",
    ["```quiz\n", "```quiz\n```\n", "> ```quiz\n", "- ```quiz\n", "`", "> ", "- ", "[^1]: ```quiz\n", "\0", "\r"],
)
def test_a_text_made_to_be_slow_is_split_like_any_other(unit: str) -> None:
    began = time.process_time()
    with suppress(ValidationError):
        quiz.split((unit * 65_536)[:65_536])
    assert time.process_time() - began < 1


LINES = st.lists(
    st.one_of(
        st.sampled_from(["? Why?", "? Why? {#k}", "(x) a", "( ) b", "[x] c", "[ ] d", "= a | b", "! so", "  more", ""]),
        st.text(alphabet=st.sampled_from("?=!()[]xX {}#|*`_<>&\\\t\r\0\ud800a:/.^"), max_size=20),
        st.text(max_size=20),
    ),
    max_size=12,
).map("\n".join)


WORDS = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
QUESTIONS = st.one_of(
    st.builds("? {}\n(x) {}\n  {}\n( ) {}\n".format, WORDS, WORDS, WORDS, WORDS),
    st.builds("? {}\n[x] {}\n[x] {}\n! {}\n".format, WORDS, WORDS, WORDS, WORDS),
    st.builds("? {}\n= {} | {}\n".format, WORDS, WORDS, WORDS),
)


@given(st.one_of(LINES, st.lists(QUESTIONS, max_size=4).map("".join)))
@settings(deadline=None, max_examples=150)
def test_any_text_is_read_or_refused_at_its_lines(text: str) -> None:
    """What is read can be stored: it goes through UTF-8, and has no null for PostgreSQL to refuse."""
    result, refusals = attempt(lambda: read(text))
    assert (result is None) == bool(refusals)
    assert all(1 <= line <= len(quiz.NEWLINE.split(text)) + 1 for line, _ in refusals)
    if result:
        stored = json.dumps(result.to_json(), ensure_ascii=False).encode()
        assert b"\\u0000" not in stored
        assert Quiz.from_json(json.loads(stored)) == result
        keys = [each.key for each in result.questions]
        assert len(set(keys)) == len(keys)
        assert all(quiz.KEY.fullmatch(key) for key in keys)


@given(LINES, LINES)
@settings(deadline=None, max_examples=100)
def test_any_text_is_split_at_its_quiz_or_refused(before: str, inside: str) -> None:
    whole = f"{before}\n\n```quiz\n{inside}\n```\n"
    result, refusals = attempt(lambda: quiz.split(whole))
    assert (result is None) == bool(refusals)
    if result:
        text, source = result
        assert whole.startswith(text)
        assert source is None or "quiz" in quiz.NEWLINE.split(whole)[source.line - 1].lower()


def test_a_quiz_comes_back_from_json_as_it_was() -> None:
    example = read(EXAMPLE)
    assert Quiz.from_json(json.loads(json.dumps(example.to_json()))) == example


# Marking


SINGLE, MULTIPLE, SHORT = (each.key for each in read(EXAMPLE).questions)


def keys(number: int) -> list[str]:
    return [option.key for option in read(EXAMPLE).questions[number].options]


def right(answers: dict[str, Any]) -> list[bool]:
    return [each.right for each in quiz.check(read(EXAMPLE), answers)]


def refused(answers: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refusal:
        quiz.check(read(EXAMPLE), answers)
    return refusal.value.message_dict


def test_right_answers_are_right_and_no_answers_are_wrong() -> None:
    assert right({SINGLE: [keys(0)[1]], MULTIPLE: [keys(1)[0]], SHORT: ["token"]}) == [True, True, True]
    assert right({}) == [False, False, False]
    assert right({SINGLE: [], MULTIPLE: (), SHORT: [" "]}) == [False, False, False]


def test_what_was_chosen_is_kept_in_the_order_of_the_options() -> None:
    marked = quiz.check(read(EXAMPLE), {MULTIPLE: keys(1)[::-1], SHORT: ["  A \n Token. "]})
    assert [each.chosen for each in marked] == [[], keys(1), ["A Token."]]


def test_a_multiple_choice_is_right_with_exactly_the_right_options() -> None:
    two = read("? Why?\n[x] a\n[x] b\n[ ] c\n")
    a, b, c = (option.key for option in two.questions[0].options)

    def is_right(*chosen: str) -> bool:
        return quiz.check(two, {"why": chosen})[0].right

    assert is_right(a, b)
    assert is_right(b, a)
    assert not is_right(a)
    assert not is_right(a, b, c)
    assert not is_right(c)


@pytest.mark.parametrize("answer", ["token", " TOKENS. ", "\uff34\uff4f\uff4b\uff45\uff4e", "token ."])
def test_a_short_answer_may_differ_in_what_does_not_matter(answer: str) -> None:
    assert right({SHORT: [answer]})[2]


@pytest.mark.parametrize("answer", ["", ".", "to ken", "token token", "token.."])
def test_another_short_answer_is_wrong(answer: str) -> None:
    assert not right({SHORT: [answer]})[2]


def test_accepted_answers_are_compared_in_the_same_way() -> None:
    street = read("? Where?\n=  Main   STRASSE. | main strasse\n")
    assert street.questions[0].accepted == ["Main STRASSE."]
    assert quiz.check(street, {"where": ["main straße"]})[0].right


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("no-such", ["x"], "This question is not part of this quiz."),
        (SINGLE, ["no-such"], "Choose from the options of this question; it may have changed since you opened it."),
        (SINGLE, [""], "Choose from the options of this question; it may have changed since you opened it."),
        (SINGLE, keys(1)[:1], "Choose from the options of this question; it may have changed since you opened it."),
        (SINGLE, keys(0), "Give one answer only."),
        (MULTIPLE, keys(1) * 2, "Choose from the options of this question; it may have changed since you opened it."),
        (SHORT, ["token", "tokens"], "Give one answer only."),
        (SHORT, ["x" * 201], "Answer with at most 200 characters."),
        (SHORT, ["a\0"], "Control characters are not allowed."),
        (SHORT, ["\ud800"], "Control characters are not allowed."),
        (SHORT, "token", "Answer with a list of texts."),
        (SHORT, [1], "Answer with a list of texts."),
        (SHORT, None, "Answer with a list of texts."),
        (MULTIPLE, {"a": True}, "Answer with a list of texts."),
        (MULTIPLE, [["a"]], "Answer with a list of texts."),
    ],
)
def test_what_cannot_be_an_answer_is_refused_at_its_question(key: str, value: Any, message: str) -> None:
    assert refused({key: value}) == {key: [message]}


def test_a_question_that_could_have_no_such_key_is_refused_without_repeating_it() -> None:
    assert refused({"x" * 1000: [], "\ud800": []}) == {"answers": ["This question is not part of this quiz."]}
    assert len(refused({f"q{number}": [] for number in range(10_000)})) <= quiz.MOST_FAULTS + 1


def test_all_refusals_are_told_together() -> None:
    assert refused({SINGLE: keys(0), SHORT: [1], "other": []}).keys() == {SINGLE, SHORT, "other"}


def test_the_score_is_the_part_that_is_right() -> None:
    assert quiz.score(quiz.check(read(EXAMPLE), {SHORT: ["token"]})) == pytest.approx(1 / 3)
    assert quiz.score([]) == 0
