"""From where a visit came, and from which country."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from analytics.countries import country_of
from analytics.sources import Source, source_of

OWN = "howtoai.example"


@pytest.mark.parametrize(
    ("referrer", "source"),
    [
        ("https://www.google.com/", "google.com"),
        ("https://news.example.org/item?id=7#x", "news.example.org"),
        ("http://user:secret@Forum.Example.org:8080/", "forum.example.org"),
        (f"https://{OWN}/tutorials/", ""),
        (f"https://www.{OWN}/", ""),
        (f"https://{OWN}.evil.example/", f"{OWN}.evil.example"),
        ("https://192.0.2.7/", ""),
        ("https://[2001:db8::1]/", ""),
        ("https://localhost/", ""),
        ("android-app://com.google.android.gm/", ""),
        ("https://[broken", ""),
        (f"https://{'a' * 200}.example/", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_the_source_is_the_host_of_another_site(referrer: str, source: str) -> None:
    assert source_of(QueryDict(""), referrer, OWN) == Source(source)


def test_where_one_is_sent_to_pay_is_no_source(settings: object) -> None:
    assert source_of(QueryDict(""), "https://checkout.stripe.com/c/pay/x", OWN).source in ("", "checkout.stripe.com")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("utm_source=Newsletter&utm_medium=E-Mail&utm_campaign=Spring+2026", ("newsletter", "e-mail", "spring 2026")),
        ("utm_source=x", ("x", "", "")),
        ("utm_medium=email&utm_campaign=y", ("google.com", "", "")),
        # What may name a person is left out.
        ("utm_source=lea%40example.org", ("google.com", "", "")),
        ("utm_source=x&utm_campaign=lea%40example.org", ("x", "", "")),
        (f"utm_source={'x' * 81}", ("google.com", "", "")),
        ("utm_source=%3Cscript%3E", ("google.com", "", "")),
        ("utm_source=%ED%A0%80", ("google.com", "", "")),
        ("utm_source=", ("google.com", "", "")),
    ],
)
def test_a_link_of_a_campaign_says_its_source(query: str, expected: tuple[str, str, str]) -> None:
    assert source_of(QueryDict(query), "https://google.com/", OWN) == Source(*expected)


@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_that_is_sent_breaks_it(said: str, referrer: str) -> None:
    query = QueryDict(mutable=True)
    query["utm_source"] = said
    for address in (referrer, f"https://{referrer}/", f"https://{referrer}"):
        found = source_of(query, address, OWN)
        assert len(found.source) <= 80
        assert "@" not in found.source


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Berlin", "DE"),
        ("Europe/Oslo", "NO"),
        ("America/New_York", "US"),
        # As browsers still call them.
        ("Asia/Calcutta", "IN"),
        ("Europe/Kiev", "UA"),
        ("America/Buenos_Aires", "AR"),
        ("UTC", ""),
        ("Etc/GMT+5", ""),
        ("../../etc/passwd", ""),
        ("", ""),
    ],
)
def test_a_time_zone_lies_in_a_country(zone: str, country: str) -> None:
    assert country_of(zone) == country
