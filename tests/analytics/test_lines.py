"""Whatever an event says, it is one line, and what is read of it is what was said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.events import AudienceOf, Event
from analytics.pipeline.lines import BETWEEN, COLUMNS, LONGEST_SUBJECT, LONGEST_WORD, line_of
from common.spool import CHUNK
from tests.recording import read

SAYABLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
SHORT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
VALUES = st.one_of(SHORT, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none())


# Texts are slow to make up, the first of them on a busy machine most of all.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    subject=SAYABLE,
    words=st.lists(SHORT, min_size=5, max_size=5),
    properties=st.dictionaries(SHORT, VALUES, max_size=8),
)
def test_an_event_is_one_line_and_reads_as_it_was_said(
    subject: str, words: list[str], properties: dict[str, Any]
) -> None:
    event = Event("feature", subject, visitor=-3, audience=AudienceOf(*words), properties=properties)
    try:
        line = line_of(event)
    except ValueError as error:
        assert "are allowed" in str(error)  # noqa: PT017 - too long, which few are
        return
    assert line.endswith(b"\n")
    assert (line.count(b"\n"), line.count(b"\r"), line.count(b"\0")) == (1, 0, 0)
    assert line.count(b"\t") == len(COLUMNS) - 1
    assert len(line) < CHUNK
    found = read(line[:-1])
    assert found.subject == subject[:LONGEST_SUBJECT].replace("\0", "")
    assert found.properties == {bare(name): bare(value) for name, value in properties.items()}
    assert all(len(word) <= LONGEST_WORD and BETWEEN not in word for word in found.audience)


def bare(said: Any) -> Any:
    """Without the sign that PostgreSQL does not take."""
    return said.replace("\0", "") if isinstance(said, str) else said


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_half_a_sign_becomes_a_question_mark(text: str) -> None:
    event = Event("feature", text, audience=AudienceOf(browser=text), properties={"x": text})
    found = read(line_of(event)[:-1])
    whole = text.replace("\ud800", "?").replace("\udfff", "?")
    assert (found.subject, found.audience.browser, found.properties) == (whole, whole, {"x": whole})
