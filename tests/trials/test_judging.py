"""What attack and chaos are there to find, they find."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from trials.attack.crawl import cookie_lacks, judge, shape
from trials.attack.findings import Finding, distinct, table
from trials.attack.tools import read_report
from trials.chaos.checks import Balance, balance_of, lost_of
from trials.chaos.load import Ledger
from trials.chaos.outcomes import BEGIN, END, Outcome, write
from trials.chaos.outcomes import table as table_of_outcomes

SOUND = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=63072000",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "private, no-store",
}
SECRETS = {"SECRET_KEY": "k3y-of-the-house-that-nobody-may-see"}


def findings(
    text: str = "", *, status: int = 200, path: str = "/settings/profile/", role: str = "learner", **headers: str
) -> list[str]:
    answer = httpx.Response(
        status,
        headers=SOUND | {name.replace("_", "-"): value for name, value in headers.items()},
        text=text,
        request=httpx.Request("GET", f"http://127.0.0.1{path}"),
    )
    return [each.what for each in judge(answer, path, role, SECRETS, frozenset({"other@howtoai.example"}))]


def test_a_sound_answer_is_no_finding() -> None:
    assert findings("Hello, lea@howtoai.example.") == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"status": 500}, "an answer of 500"),
        ({"text": "key: k3y-of-the-house-that-nobody-may-see"}, "SECRET_KEY can be read"),
        ({"text": "bcrypt_sha256$$2b$12$abcdefghijklmnop"}, "the hash of a password can be read"),
        ({"text": "write to other@howtoai.example"}, "an address of somebody else can be read"),
        (
            {"text": "Traceback (most recent call last)", "path": "/api/x"},
            "a traceback or a path of the machine can be read",
        ),
        ({"X_Content_Type_Options": "sniff"}, "no X-Content-Type-Options"),
        ({"Strict_Transport_Security": ""}, "no Strict-Transport-Security"),
        ({"Content_Security_Policy": "default-src *"}, "no strict Content-Security-Policy"),
        ({"Server": "granian/2.8"}, "server tells a version: granian/2.8"),
        ({"Cache_Control": "public, max-age=60"}, "what is for one person may be kept by a shared cache"),
    ],
)
def test_what_is_wrong_with_an_answer_is_found(answer: dict[str, str], found: str) -> None:
    assert findings(**answer) == [found]  # type: ignore[arg-type]  # a status is a number


@pytest.mark.parametrize(
    ("line", "lacks"),
    [
        ("__Host-session=x; HttpOnly; Path=/; SameSite=Lax; Secure", ""),
        ("__Host-csrf=x; Path=/; SameSite=Lax; Secure", ""),
        ("__Host-session=x; Path=/; SameSite=Lax; Secure", "httponly"),
        ("session=x; HttpOnly; Path=/; SameSite=Lax", "secure, __Host-"),
    ],
)
def test_a_cookie_that_lacks_something_is_found(line: str, lacks: str) -> None:
    assert cookie_lacks(line) == lacks


def test_addresses_that_differ_in_a_number_or_name_have_one_shape() -> None:
    assert shape("/community/posts/7/like/?x=1") == shape("/community/posts/8/like/?x=2")
    assert shape("/tutorials/one/") == shape("/tutorials/two/")
    assert shape("/tutorials/one/") != shape("/tutorials/one/quiz/")


def test_findings_of_one_kind_are_one_line_and_those_that_weigh_come_first() -> None:
    shown = distinct([Finding("a", "x", "/1", "known"), Finding("b", "y", "/2"), Finding("b", "y", "/3")])
    assert [(each.what, each.where) for each in shown] == [("y", "/2 and 1 more"), ("x", "/1")]
    assert "**it does**" in table(shown)


def test_a_report_of_wapiti_is_read_and_what_is_known_is_explained() -> None:
    told = {
        "vulnerabilities": {"SQL Injection": [{"method": "GET", "path": "/x", "info": "by q"}], "XXE": []},
        "anomalies": {"Unencrypted Channels": [{"method": "GET", "path": "/", "info": ""}]},
        "additionals": {"Fingerprint": [{"path": "/"}]},
    }
    assert [(each.what, each.weighs) for each in read_report(told)] == [
        ("SQL Injection", True),
        ("Unencrypted Channels", False),
    ]


def test_what_is_lost_or_doubled_is_counted() -> None:
    ledger = Ledger("comments", sent={"a", "b", "c", "d"}, promised={"a": (1.0, 1.5), "b": (2.0, 2.5)})
    assert ledger.promised_since(1.2) == [2.5]
    assert balance_of(ledger, ["a", "a", "c", "x"]) == Balance("comments", promised=2, lost=1, doubled=1, unpromised=1)


def test_what_is_lost_is_told_by_when_it_was_promised() -> None:
    ledger = Ledger("comments", sent={"a", "b", "c"}, promised={"a": (1.0, 1.5), "b": (2.0, 2.5)})
    assert lost_of(ledger, ["a", "x"]) == [2.5]
    assert lost_of(ledger, ["a", "b"]) == []


def test_an_outcome_is_bad_for_each_reason() -> None:
    assert Outcome("x", promised=9).is_good
    assert not Outcome("x", lost=1).is_good
    assert Outcome("x", lost=3, permitted=3).is_good
    assert not Outcome("x", lost=4, permitted=3).is_good
    assert not Outcome("x", doubled=1).is_good
    assert not Outcome("x", faults=["it did not come back"]).is_good
    assert Outcome("x", skipped=True, remark="no right to").is_good


def test_figures_take_the_place_of_those_before(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text(f"# Before\n{BEGIN}\nold\n{END}\nafter\n")
    write([Outcome("Valkey", back=1.25, promised=1200)], "Now.", page)
    text = page.read_text()
    assert "old" not in text
    assert "| Valkey | 1.2 | 0 | 1,200 | 0 | 0 |  |" in text
    assert text.startswith("# Before")
    page.write_text("no place")
    with pytest.raises(SystemExit):
        write([], "Now.", page)


def test_what_could_not_be_tried_says_why() -> None:
    assert "not tried: only root may" in table_of_outcomes([Outcome("disk", skipped=True, remark="only root may")])
