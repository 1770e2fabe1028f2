"""The quiz at the end of a tutorial's Markdown: found, read and marked (docs/authoring.md shows how one is written).

A fault in what an author writes is a ValidationError of the code "quiz" whose params are `line`, counted from the first
line of the body, and `fault`. Its message says both to somebody who looks at the text alone; a reader of files adds the
lines of its front matter and says file and line instead.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from markdown_it.token import Token
from markdown_it.utils import EnvType

from common import markdown

Kind = Literal["single", "multiple", "short"]

MOST_QUESTIONS = 50
FEWEST_OPTIONS, MOST_OPTIONS = 2, 10
MOST_ACCEPTED = 20
# All in characters.
LONGEST_QUIZ = 32 * 1024
LONGEST_QUESTION = 500
LONGEST_OPTION = 300
LONGEST_EXPLANATION = 1000
LONGEST_ANSWER = 200
LONGEST_KEY = 64
LONGEST_DERIVED_KEY = 60  # leaves room for a number
# Nobody mends more at once, and a page of thousands helps nobody.
MOST_FAULTS = 100

NEWLINE = re.compile(r"\r\n?|\n")  # as the Markdown parser counts lines
ITEM = re.compile(r"(\?|=|!|\([ xX]\)|\[[ xX]\])(?:[ \t](.*))?")
OPTION = re.compile(r"(?:\([ xX]?\)|\[[ xX]?\])(?:[ \t]|$)")
INDENTED = re.compile(r"(?: {2}| ?\t)")
KEY = re.compile(rf"[a-z0-9-]{{1,{LONGEST_KEY}}}")
# Neither UTF-8 nor PostgreSQL's JSON holds all of these; tabs and ends of lines are white space.
# Names of fields that the form of a quiz has besides its questions.
RESERVED_KEYS = frozenset({"csrfmiddlewaretoken"})
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
INLINE = {
    *("text", "code_inline", "softbreak", "hardbreak", "link_open", "link_close"),
    *("em_open", "em_close", "strong_open", "strong_close", "s_open", "s_close"),
}


@dataclass(frozen=True)
class QuizSource:
    """What stands inside the fenced block, and the line of the body (from 1) on which the block opens."""

    text: str
    line: int


@dataclass(frozen=True)
class Option:
    """One choice. Its key is made of its words, so it stays when options are reordered."""

    key: str
    text: str
    html: str
    right: bool
    explanation_html: str


@dataclass(frozen=True)
class Question:
    """`text` has no Markdown signs. `options` belong to choices, `accepted` to short answers."""

    key: str
    kind: Kind
    text: str
    html: str
    options: list[Option]
    accepted: list[str]
    explanation_html: str


@dataclass(frozen=True)
class Quiz:
    questions: list[Question]

    def to_json(self) -> dict[str, Any]:
        """Everything, the right answers too: for storing, never for a learner."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Quiz:
        """The quiz that `to_json` was called on."""
        return cls(
            [
                Question(**{**question, "options": [Option(**option) for option in question["options"]]})
                for question in data["questions"]
            ]
        )


@dataclass(frozen=True)
class Marked:
    """One question with what was chosen: keys of options, or the words of a short answer."""

    question: Question
    chosen: list[str]
    right: bool


# Finding


def split(body: str) -> tuple[str, QuizSource | None]:
    """The text without its quiz, and the quiz.

    Raises ValidationError if there are two, or one that doesn't end the text or isn't closed: as
    an ordinary block of code it would show its answers.
    """
    tokens: list[Token] = []
    # Blocks only: nothing here depends on what stands inside a line.
    markdown.MARKDOWN.block.parse(NEWLINE.sub("\n", body), markdown.MARKDOWN, {}, tokens)
    quizzes = [token for token in tokens if token.type == "fence" and token.info.lower().split()[:1] == ["quiz"]]
    if not quizzes:
        return body, None
    lines = NEWLINE.split(body)
    faults = complain_of_place(quizzes, lines)
    if faults:
        raise ValidationError(faults[:MOST_FAULTS])
    opening, _ = place(quizzes[0])
    starts = [0, *(newline.end() for newline in NEWLINE.finditer(body))]
    return body[: starts[opening]], QuizSource(quizzes[0].content, opening + 1)


def complain_of_place(quizzes: Sequence[Token], lines: Sequence[str]) -> list[ValidationError]:
    first, *others = quizzes
    opening, end = place(first)
    faults = [make_fault(place(token)[0] + 1, "A text has one quiz; put its questions together.") for token in others]
    if first.level:
        faults.append(make_fault(opening + 1, "A quiz cannot stand inside a list, a quotation or a footnote."))
    elif not is_closed(first, lines):
        faults.append(make_fault(opening + 1, f"The quiz has no closing line of {first.markup[:10]}."))
    if first.info.split()[1:]:
        faults.append(make_fault(opening + 1, "Nothing may follow the word quiz on this line."))
    after = next((number for number, line in enumerate(lines[end:], start=end + 1) if line.strip()), None)
    if after and not others:
        faults.append(make_fault(after, "The quiz must be the last thing of the text; move this above it."))
    return faults


def is_closed(fence: Token, lines: Sequence[str]) -> bool:
    """Whether a fence has a closing line; the parser lets it end with the text, too."""
    opening, end = place(fence)
    closing = rf" {{0,3}}{re.escape(fence.markup)}{re.escape(fence.markup[0])}*[ \t]*"
    return end - opening > 1 and re.fullmatch(closing, lines[end - 1]) is not None


def place(token: Token) -> tuple[int, int]:
    """The first line of a block and the one behind its last, both from 0."""
    first, end = cast("list[int]", token.map)  # which only tokens within a line lack
    return first, end


def make_fault(line: int, fault: str) -> ValidationError:
    return ValidationError("Line %(line)d of the text: %(fault)s", code="quiz", params={"line": line, "fault": fault})


# Reading


@dataclass
class Item:
    """A line that begins with a mark, and the indented lines below it."""

    mark: str
    text: str
    line: int
    more: list[str] = field(default_factory=list)

    @property
    def whole(self) -> str:
        return "\n".join([self.text, *self.more]).strip()

    @property
    def explanation(self) -> str:
        return "\n".join(self.more)


def parse(source: QuizSource) -> Quiz:
    """Read a quiz. Raises ValidationError with every fault and its line."""
    if len(source.text) > LONGEST_QUIZ:
        fault = f"The quiz has {len(source.text):,} characters; {LONGEST_QUIZ:,} are allowed."
        raise ValidationError([make_fault(source.line, fault)])
    reader = Reader()
    groups = reader.group(reader.read(source), source.line)
    questions = [reader.compose(head, items) for head, *items in groups]
    if reader.faults:
        faults = sorted(reader.faults)
        if len(faults) > MOST_FAULTS:
            faults[MOST_FAULTS:] = [(faults[MOST_FAULTS][0], "There are more faults from here on; mend these first.")]
        raise ValidationError([make_fault(line, fault) for line, fault in faults])
    return Quiz(questions)


class Reader:
    """Reads one quiz and notes its faults, so that an author learns of all at once."""

    def __init__(self) -> None:
        self.faults: list[tuple[int, str]] = []
        # The key of each question that has been read, and the line of each that was given.
        self.keys: set[str] = set()
        self.given: dict[str, int] = {}

    def fault(self, line: int, fault: str) -> None:
        self.faults.append((line, fault))

    def read(self, source: QuizSource) -> list[Item]:
        """The items in their order. Blank lines mean nothing."""
        items: list[Item] = []
        for number, line in enumerate(NEWLINE.split(source.text), start=source.line + 1):
            if UNPRINTABLE.search(line):
                self.fault(number, "Control characters are not allowed.")
            elif not line.strip():
                continue
            elif INDENTED.match(line):
                self.continue_item(items, line.strip(), number)
            elif item := ITEM.fullmatch(line):
                items.append(Item(item[1].lower(), (item[2] or "").strip(), number))
            else:
                self.fault(
                    number,
                    "Begin this line with ?, ( ), (x), [ ], [x], = or ! and a space;"
                    " or indent it by two spaces if it continues the line above.",
                )
        return items

    def continue_item(self, items: Sequence[Item], text: str, line: int) -> None:
        if not items:
            self.fault(line, "This line is indented, but there is nothing above it to continue.")
        elif items[-1].mark == "=":
            self.fault(line, "Accepted answers stand on one line; begin another one with = instead of indenting it.")
        elif OPTION.match(text):
            self.fault(line, "An option begins at the start of its line; take away the indentation.")
        else:
            items[-1].more.append(text)

    def group(self, items: Sequence[Item], first_line: int) -> list[list[Item]]:
        """Each question's item with those that belong to it; no more than are allowed."""
        groups: list[list[Item]] = []
        for item in items:
            if item.mark == "?":
                groups.append([item])
            elif groups:
                groups[-1].append(item)
            else:
                self.fault(item.line, "There must be a question, a line that begins with ?, above this.")
        if not groups:
            self.fault(first_line, "The quiz has no question: write one on a line that begins with ?.")
        if len(groups) > MOST_QUESTIONS:
            self.fault(groups[MOST_QUESTIONS][0].line, f"A quiz has at most {MOST_QUESTIONS} questions.")
        groups = groups[:MOST_QUESTIONS]
        for head, *_ in groups:
            self.take_key(head)
        return groups

    def take_key(self, head: Item) -> None:
        """Note the key that an author has given, before others are derived: it must not be taken by then."""
        key = divide_key(head.whole)[1]
        if key is None:
            return
        if not KEY.fullmatch(key):
            self.fault(
                head.line,
                f"A key such as {{#what-belongs}} has small letters a-z, digits and hyphens, at most {LONGEST_KEY}.",
            )
        elif key in RESERVED_KEYS:
            self.fault(head.line, f"The key {key} means something else on the page; choose another one.")
        elif key in self.given:
            self.fault(head.line, f"The question on line {self.given[key]} has the same key; choose another one.")
        else:
            self.given[key] = head.line

    def compose(self, head: Item, items: Sequence[Item]) -> Question:
        """One question. With a fault noted, what comes out is not to be used."""
        text, given = divide_key(head.whole)
        html, plain = self.write(text, head.line, LONGEST_QUESTION, "question")
        options = [item for item in items if item.mark[0] in "(["]
        answers = [item for item in items if item.mark == "="]
        kind = self.judge(head, options, answers)
        return Question(
            key=given or self.derive_key(plain),
            kind=kind,
            text=plain,
            html=html,
            options=self.compose_options(options),
            accepted=self.compose_accepted(answers),
            explanation_html=self.explain([item for item in items if item.mark == "!"]),
        )

    def judge(self, head: Item, options: Sequence[Item], answers: Sequence[Item]) -> Kind:
        """What kind of question this is, by what stands below it."""
        if options and answers:
            self.fault(answers[0].line, "A question has options or accepted answers (=), not both.")
        elif not options and not answers:
            self.fault(head.line, "There is nothing to answer: write options, or accepted answers behind =.")
        if not options:
            return "short"
        multiple = options[0].mark[0] == "["
        odd = next((option for option in options if (option.mark[0] == "[") != multiple), None)
        right = [option for option in options if "x" in option.mark]
        if odd:
            self.fault(
                odd.line, "All options of a question are in round brackets (one is right) or all in square ones."
            )
        if not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS:
            self.fault(
                head.line, f"A question has {FEWEST_OPTIONS} to {MOST_OPTIONS} options; this has {len(options)}."
            )
        if not right:
            self.fault(head.line, f"No option is right; mark it with {'[x]' if multiple else '(x)'}.")
        elif len(right) > 1 and not multiple and not odd:
            self.fault(right[1].line, "Only one option in round brackets can be right; for several use [ ] and [x].")
        return "multiple" if multiple else "single"

    def compose_options(self, items: Sequence[Item]) -> list[Option]:
        options: dict[str, Option] = {}
        for item in items[:MOST_OPTIONS]:
            html, plain = self.write(item.text, item.line, LONGEST_OPTION, "option")
            explanation, _ = self.write(item.explanation, item.line, LONGEST_EXPLANATION, "explanation")
            if not plain:
                continue
            key = shorten(item.text)
            if key in options:
                self.fault(item.line, "This question has the same option above.")
            options[key] = Option(key, plain, html, "x" in item.mark, explanation)
        return list(options.values())

    def compose_accepted(self, items: Sequence[Item]) -> list[str]:
        """The accepted answers as they are written, once each."""
        answers = [(" ".join(part.split()), item.line) for item in items for part in item.text.split("|")]
        if len(answers) > MOST_ACCEPTED:
            self.fault(items[0].line, f"A question has at most {MOST_ACCEPTED} accepted answers.")
            return []
        accepted: dict[str, str] = {}
        for answer, line in answers:
            # First, because normalising takes quadratic time over what is made for that.
            if len(answer) > LONGEST_ANSWER:
                self.fault(line, f"An accepted answer has at most {LONGEST_ANSWER} characters.")
            elif not fold(answer):
                self.fault(line, "An accepted answer is empty; write answers behind = with | between them.")
            else:
                accepted.setdefault(fold(answer), answer)
        return list(accepted.values())

    def explain(self, items: Sequence[Item]) -> str:
        if not items:
            return ""
        if len(items) > 1:
            self.fault(items[1].line, "A question has one explanation (!); indent the lines that continue it.")
        if not items[0].whole:
            self.fault(items[0].line, "The explanation is empty: write it behind !.")
        return self.write(items[0].whole, items[0].line, LONGEST_EXPLANATION, "explanation")[0]

    def write(self, source: str, line: int, longest: int, name: str) -> tuple[str, str]:
        """Markdown within a line as HTML and as plain text; only an explanation may be missing."""
        if len(source) > longest:
            self.fault(line, f"This {name} has {len(source)} characters; {longest} are allowed.")
            return "", ""
        env: EnvType = {}
        tokens = markdown.MARKDOWN.parseInline(source, env)
        pieces = [piece for token in tokens for piece in token.children or ()]
        if any(token.type != "inline" for token in tokens) or any(piece.type not in INLINE for piece in pieces):
            self.fault(line, f"This {name} may hold emphasis, code and links; pictures and footnotes go into the text.")
            return "", ""
        plain = " ".join("".join(" " if piece.type.endswith("break") else piece.content for piece in pieces).split())
        if not plain and (source or name != "explanation"):
            self.fault(line, f"This {name} has no words.")
            return "", ""
        html = markdown.MARKDOWN.renderer.render(tokens, markdown.MARKDOWN.options, env)
        return markdown.sanitise(html, markdown.OWN_CONTENT), plain

    def derive_key(self, plain: str) -> str:
        """A key from a question's words; from their sum where they have no Latin letters."""
        words = slugify(plain).replace("_", "-")[:LONGEST_DERIVED_KEY].strip("-")
        key = stem = words or f"question-{shorten(plain)}"
        number = 1
        while key in self.keys or key in self.given:
            number += 1
            key = f"{stem}-{number}"
        self.keys.add(key)
        return key


def shorten(text: str) -> str:
    """Eight hexadecimal digits that stand for a text."""
    same = unicodedata.normalize("NFC", " ".join(text.split()))
    return hashlib.sha256(same.encode()).hexdigest()[:8]


def divide_key(text: str) -> tuple[str, str | None]:
    """The words of a question and the key at their end, without its `{#` and `}`."""
    start = text.rfind("{#")
    if start < 0 or not text.endswith("}"):
        return text, None
    return text[:start].rstrip(), text[start + 2 : -1]


# Marking


def check(quiz: Quiz, answers: Mapping[str, object]) -> list[Marked]:
    """Mark every question by the list of answers under its key: keys of options, or one text.

    What isn't answered is wrong; of several right options all are needed and no other. Raises
    ValidationError by question (or "answers") for what cannot be an answer.
    """
    faults: dict[str, ValidationError] = {}
    marked = []
    for question in quiz.questions:
        try:
            marked.append(mark(question, answers.get(question.key, [])))
        except ValidationError as fault:
            faults[question.key] = fault
    for key in answers.keys() - {question.key for question in quiz.questions}:
        # Only what could be a key comes back: others may be of any length, or unprintable.
        name = key if KEY.fullmatch(key) and len(faults) < MOST_FAULTS else "answers"
        faults[name] = ValidationError("This question is not part of this quiz.")
    if faults:
        raise ValidationError(faults)
    return marked


def mark(question: Question, answers: object) -> Marked:
    """One question's mark. Raises ValidationError for what cannot be an answer to it."""
    if not isinstance(answers, list | tuple) or not all(isinstance(answer, str) for answer in answers):
        raise ValidationError("Answer with a list of texts.")
    if question.kind != "multiple" and len(answers) > 1:
        raise ValidationError("Give one answer only.")
    return mark_words(question, *answers) if question.kind == "short" else mark_choice(question, answers)


def mark_choice(question: Question, answers: Sequence[str]) -> Marked:
    options = [option.key for option in question.options]
    if len(answers) > len(options) or not set(answers) <= set(options):
        raise ValidationError("Choose from the options of this question; it may have changed since you opened it.")
    chosen = [key for key in options if key in answers]
    return Marked(question, chosen, chosen == [option.key for option in question.options if option.right])


def mark_words(question: Question, answer: str = "") -> Marked:
    if len(answer) > LONGEST_ANSWER:
        raise ValidationError(f"Answer with at most {LONGEST_ANSWER} characters.")
    if UNPRINTABLE.search(answer):
        raise ValidationError("Control characters are not allowed.")
    answer = " ".join(answer.split())
    right = bool(fold(answer)) and fold(answer) in {fold(accepted) for accepted in question.accepted}
    return Marked(question, [answer] if answer else [], right)


def fold(answer: str) -> str:
    """What two answers have in common that differ in case, width, white space or a final full stop only."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", answer).casefold())
    return " ".join(folded.split()).removesuffix(".").rstrip()


def score(marked: Sequence[Marked]) -> float:
    """The part of the questions that is right, 0 to 1."""
    return sum(each.right for each in marked) / len(marked) if marked else 0.0
