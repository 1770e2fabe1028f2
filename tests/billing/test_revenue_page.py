"""Staff who may see revenue look at it in the admin, and take it along."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.admin.revenue.figures import Money
from billing.admin.revenue.filters import BACKWARDS, NOT_A_MONTH, NOT_YET, TOO_EARLY, TOO_LONG
from billing.models import Organisation, Plan, SubscriptionTransition
from common.figures import MINUS, NONE, Words
from tests.billing.revenue_histories import NOW, day, go, make_contract, make_subscription, pay, price_of
from tests.factories import make_user

PAGE = "/admin/billing/revenue/"
FILES = ("mrr", "movements", "customers", "payments", "trials", "recovery", "segments", "detail")


@pytest.fixture(autouse=True)
def the_day() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def members(db: None) -> None:
    """Two who pay $50 a month by Stripe, of whom one left in November, and one who pays $500 a year by PayPal."""
    staying, leaving, yearly = (make_user() for _ in range(3))
    for each in (staying, leaving):
        subscription = make_subscription(each, price_of())
        go(subscription, "active", day("2026-09-05"))
        pay(subscription, day("2026-09-05"), 5000)
    go(subscription, "ended", day("2026-11-05"))
    go(make_subscription(yearly, price_of("year"), "paypal"), "active", day("2026-10-05"))


def rows_of(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def row_of(html: str, name: str, first: str) -> list[str]:
    """The figures of one row of a table on the page."""
    table = html.split(f'id="{name}-heading"')[1].split("</table>", maxsplit=1)[0]
    row = next(row for row in table.split("<tr>") if f'<th scope="row">{first}</th>' in row)
    return re.findall(r"<td>(.*?)</td>", row)


def test_the_figures_of_today_stand_at_the_top(desk: Client, members: None) -> None:
    html = desk.get(PAGE).content.decode()
    cards = dict(re.findall(r'<dt>(.*?)</dt>\s*<dd class="cards__figure">(.*?)</dd>', html))
    assert cards == {
        "MRR": "$91.67",
        "ARR": "$1,100.00",
        "Paying members": "2",
        "ARPU": "$45.83",
        "Churn this month": "33.3 %",
        "Past due": "$0.00",
    }


def test_each_picture_has_its_words_and_the_table_behind_it(desk: Client, members: None) -> None:
    html = desk.get(PAGE).content.decode()
    assert "MRR: $0.00 in December 2025, $91.67 in November 2026; the most was $141.67 in October 2026." in html
    assert html.count('<svg class="plot__picture"') == html.count("<desc ") == 6
    assert row_of(html, "mrr", "Oct 2026") == ["$41.67", "$100.00", "$141.67"]
    assert row_of(html, "movements", "Nov 2026, so far") == [
        *("$141.67", "$0.00", "$0.00", "$0.00", "$0.00", f"{MINUS}$50.00", "$91.67", "$1,100.00")
    ]
    assert row_of(html, "payments", "Sep 2026")[:2] == ["2", "$100.00"]


def test_one_plan_and_provider_is_looked_at_by_itself(desk: Client, members: None) -> None:
    html = desk.get(PAGE, {"provider": "stripe", "since": "2026-10", "until": "2026-11"}).content.decode()
    assert row_of(html, "movements", "All months")[0] == "$100.00"
    assert "Premium by PayPal" not in html


def test_what_was_known_earlier_can_be_seen_again(desk: Client, learner: User) -> None:
    subscription = make_subscription(learner, price_of())
    go(subscription, "active", day("2026-09-05"))
    go(subscription, "ended", day("2026-10-20"), late=timedelta(days=20))
    html = desk.get(PAGE).content.decode()
    assert "1 change became known only after the month had closed" in html
    assert f"by {MINUS}$50.00 of MRR altogether" in html
    assert row_of(html, "movements", "Oct 2026")[6] == "$0.00"
    html = desk.get(PAGE, {"as_of": "2026-11-02"}).content.decode()
    assert row_of(html, "movements", "Oct 2026")[6] == "$50.00"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"since": "soon"}, NOT_A_MONTH),
        ({"since": "2026-13"}, NOT_A_MONTH),
        ({"since": "1999-12"}, TOO_EARLY),
        ({"since": "2026-09", "until": "2026-08"}, BACKWARDS),
        ({"since": "2010-01"}, TOO_LONG),
        ({"as_of": "2026-12-01"}, NOT_YET),
        ({"plan": "gold"}, "Select a valid choice. gold is not one of the available choices."),
        ({"currency": "XXX"}, "Select a valid choice. XXX is not one of the available choices."),
    ],
)
def test_what_there_is_not_is_an_error_at_its_field(desk: Client, asked: dict[str, str], words: str) -> None:
    response = desk.get(PAGE, asked)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert desk.get(f"{PAGE}mrr.csv", asked).status_code == 400


def test_a_month_that_has_not_begun_is_left_out(desk: Client, members: None) -> None:
    html = desk.get(PAGE, {"since": "2026-11", "until": "2027-03"}).content.decode()
    assert "Nov 2026, so far" in html
    assert "Dec 2026" not in html


def test_nothing_has_come_in_yet(desk: Client) -> None:
    html = desk.get(PAGE).content.decode()
    assert row_of(html, "movements", "All months")[0] == "$0.00"
    assert "Nothing in these months became known" in html


def test_a_file_has_exact_amounts_as_text(desk: Client, members: None) -> None:
    response = desk.get(f"{PAGE}movements.csv", {"since": "2026-10"})
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="movements-USD-2026-10-2026-11.csv"'
    october, november = rows_of(response)
    assert (october["Month"], october["New"], october["Annual new"]) == ("2026-10", "41.67", "500.00")
    assert (november["Churn"], november["Annual churn"], november["End"]) == ("-50.00", "-600.00", "91.67")


@pytest.mark.parametrize("name", FILES)
def test_there_is_a_file_of_each_table(desk: Client, members: None, name: str) -> None:
    assert rows_of(desk.get(f"{PAGE}{name}.csv"))


def test_there_is_no_file_of_anything_else(desk: Client) -> None:
    assert desk.get(f"{PAGE}users.csv").status_code == 404


def test_the_sums_of_the_file_of_details_are_the_figures_of_the_page(desk: Client, members: None) -> None:
    rows = rows_of(desk.get(f"{PAGE}detail.csv"))
    last = [row for row in rows if row["Month"] == "2026-11"]
    assert sorted(row["MRR end"] for row in last) == ["41.67", "50.00"]
    assert {(row["Plan"], row["Provider"]) for row in last} == {("Premium", "Stripe"), ("Premium", "PayPal")}


def test_no_text_in_a_file_is_a_formula(desk: Client, members: None) -> None:
    Plan.objects.filter(code="premium").update(name="=1+1")
    text = desk.get(f"{PAGE}detail.csv").getvalue().decode()
    assert "'=1+1," in text
    assert "'=1+1 by Stripe" in desk.get(f"{PAGE}mrr.csv").getvalue().decode().splitlines()[0]
    assert [Words(text).exact for text in ("+1", "-1", "@x", "\tx", "fine")] == ["'+1", "'-1", "'@x", "'\tx", "fine"]


@pytest.mark.parametrize(
    ("amount", "currency", "shown", "exact"),
    [
        (123_456_789, "USD", "$1,234,567.89", "1234567.89"),
        (-5, "EUR", f"{MINUS}€0.05", "-0.05"),
        (1500, "JPY", "JPY 1,500", "1500"),
        (None, "USD", NONE, ""),
    ],
)
def test_money_is_shown_and_written_to_the_cent(amount: int | None, currency: str, shown: str, exact: str) -> None:
    assert (Money(amount, currency).shown, Money(amount, currency).exact) == (shown, exact)


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}mrr.csv"])
def test_only_those_with_the_right_see_it(
    client: Client, moderator: User, author: User, learner: User, admin: User, address: str
) -> None:
    for person, status in ((moderator, 403), (author, 403), (learner, 302), (admin, 200)):
        client.force_login(person)
        assert client.get(address).status_code == status, person
    client.logout()
    assert client.get(address).status_code == 302
    assert admin.has_perm("billing.view_revenue")
    assert not moderator.has_perm("billing.view_revenue")


def test_it_stands_in_the_admins_list_for_those_who_may(client: Client, admin: User, author: User) -> None:
    client.force_login(admin)
    assert PAGE in client.get("/admin/").content.decode()
    client.force_login(author)
    assert PAGE not in client.get("/admin/").content.decode()


def test_the_page_needs_no_script_or_style_of_its_own(desk: Client, members: None) -> None:
    response = desk.get(PAGE)
    ours = response.content.decode().split('<main class="revenue">')[1].split("</footer>")[0]
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:|data:", ours)
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_names_in_pictures_are_text(desk: Client, members: None) -> None:
    Plan.objects.filter(code="premium").update(name="<script>alert(1)</script>")
    page = desk.get(PAGE).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_however_much_there_is_the_database_is_asked_as_often(desk: Client, members: None) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(PAGE).status_code == 200
        return len(captured)

    few = queries()
    steps = SubscriptionTransition.objects.count()
    for number in range(10):
        subscription = make_subscription(make_user(), price_of(), "paypal")
        go(subscription, "active", day(f"2026-{number + 1:02}-05"))
        pay(subscription, day("2026-09-05"), 5000)
    make_contract(Organisation.objects.create(name="Acme", slug="acme"), 90_000, day("2026-05-01"), day("2027-05-01"))
    assert SubscriptionTransition.objects.count() > 2 * steps
    assert queries() == few
