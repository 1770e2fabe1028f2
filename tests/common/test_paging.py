"""Pages by key show every row once, in order, in both directions."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.paging import Page, page_of
from tests.factories import make_tutorial
from tutorials.models import Tutorial

NEWEST = ("-published_at", "-id")
OLDEST = ("published_at", "id")
START = datetime(2026, 1, 1, tzinfo=UTC)


def page(order: tuple[str, ...] = NEWEST, **arguments: object) -> Page:
    return page_of(Tutorial.objects.as_rows(), order=order, **arguments)  # type: ignore[arg-type]  # keywords by test


def slugs(page: Page) -> list[str]:
    return [row["slug"] for row in page.rows]


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    days=st.lists(st.integers(min_value=0, max_value=3), max_size=12),
    size=st.integers(min_value=1, max_value=5),
    order=st.sampled_from([NEWEST, OLDEST]),
)
def test_walking_there_and_back_shows_every_row_once(days: list[int], size: int, order: tuple[str, ...]) -> None:
    Tutorial.objects.all().delete()
    for day in days:
        make_tutorial(published_at=START + timedelta(days=day))
    expected = list(Tutorial.objects.order_by(*order).values_list("slug", flat=True))

    pages = [page(order, size=size)]
    while pages[-1].next:
        pages.append(page(order, size=size, cursor=pages[-1].next))
    assert [slug for each in pages for slug in slugs(each)] == expected
    assert pages[0].previous is None

    backwards = pages[-1]
    seen = [slugs(backwards)]
    while backwards.previous:
        backwards = page(order, size=size, cursor=backwards.previous)
        seen.insert(0, slugs(backwards))
    assert seen == [slugs(each) for each in pages]


@pytest.mark.django_db
def test_rows_that_arrive_meanwhile_shift_nothing() -> None:
    for day in range(4):
        make_tutorial(f"Old {day}", published_at=START + timedelta(days=day))
    first = page(size=2)
    make_tutorial("Brand new", published_at=START + timedelta(days=9))
    second = page(size=2, cursor=first.next or "")
    assert slugs(first) + slugs(second) == ["old-3", "old-2", "old-1", "old-0"]


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["nonsense", "WyJuZXh0Il0:aaa:bbb", "%00", "💥", "a" * 400])
def test_a_cursor_that_is_not_ours_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        page(cursor=cursor)
    assert list(refusal.value.message_dict) == ["cursor"]


@pytest.mark.django_db
def test_a_cursor_of_another_order_is_refused() -> None:
    make_tutorial()
    make_tutorial()
    cursor = page(size=1).next
    assert cursor
    with pytest.raises(ValidationError):
        page(OLDEST, cursor=cursor)


@pytest.mark.django_db
def test_search_results_page_by_rank_without_loss() -> None:
    for number in range(7):
        make_tutorial(f"Prompting {number}", body="prompting " * (number % 3 + 1) + "\n\n## End\n")
    client, seen = Client(), []
    address = "/api/tutorials?q=prompting&page_size=2"
    while address:
        answer = client.get(address).json()
        seen += [result["slug"] for result in answer["results"]]
        address = answer["next"]
    assert sorted(seen) == [f"prompting-{number}" for number in range(7)]
