"""What a User-Agent header says, in words from short lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.agents import BROWSERS, OTHER, SYSTEMS, Agent, agent_of, read
from analytics.events import Device
from tests.analytics.browsers import CHROME, FIREFOX, GOOGLEBOT, IPHONE

APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Safari/605.1.15"
IPAD = f"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {APPLE} Mobile/15E148 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 {}Safari/537.36"
EDGE = CHROME + " Edg/140.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (CHROME, ("desktop", "Chrome", "Windows")),
        (EDGE, ("desktop", "Edge", "Windows")),
        (FIREFOX, ("desktop", "Firefox", "Linux")),
        (MAC, ("desktop", "Safari", "macOS")),
        (IPHONE, ("phone", "Safari", "iOS")),
        (IPAD, ("tablet", "Safari", "iOS")),
        (ANDROID.format("Mobile "), ("phone", "Chrome", "Android")),
        (ANDROID.format(""), ("tablet", "Chrome", "Android")),
        ("Mozilla/5.0 (SmartFridge 3000) Something/1.0", ("", OTHER, OTHER)),
    ],
)
def test_a_browser_is_told_by_what_it_says(user_agent: str, expected: tuple[str, str, str]) -> None:
    assert agent_of(user_agent) == Agent(*expected)


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        GOOGLEBOT,
        "curl/8.5.0",
        "python-requests/2.32",
        "Go-http-client/1.1",
        "okhttp/4.9",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
        "facebookexternalhit/1.1",
        "Mozilla/5.0 (compatible; SomethingNew-Crawler/1.0)",
    ],
)
def test_programs_are_no_visitors(user_agent: str) -> None:
    agent = agent_of(user_agent)
    assert (agent.device, agent.is_robot, agent.is_monitoring) == (Device.PROGRAM, True, False)


@pytest.mark.parametrize(
    "user_agent", ["UptimeRobot/2.0", "kube-probe/1.29", "Mozilla/5.0 (compatible; Pingdom.com_bot)"]
)
def test_monitoring_is_known_from_other_programs(user_agent: str) -> None:
    assert agent_of(user_agent).is_monitoring


@given(st.text(max_size=1000))
def test_whatever_a_header_says_names_come_from_our_lists(said: str) -> None:
    for user_agent in (said, f"Mozilla/5.0 ({said})", f"Mozilla/5.0 {said}/1.0 Chrome/1.0"):
        agent = agent_of(user_agent)
        assert agent.browser in BROWSERS | {OTHER, ""}
        assert agent.system in SYSTEMS | {OTHER, ""}
        assert agent.device in Device.values


def test_only_so_many_are_kept() -> None:
    for number in range(3000):
        agent_of(f"Mozilla/5.0 ({number})")
    assert read.cache_info().currsize <= 2048
