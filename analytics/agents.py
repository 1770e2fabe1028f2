"""What a User-Agent header says: the device, the browser, the system; and whether nobody looks at it at all.

Names come from short lists of ours, since a header can say anything, and each name becomes a row.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from analytics.events import Device
from common.client import COMMON_NAMES, LONGEST_USER_AGENT

OTHER = "other"
BROWSERS = frozenset({"Chrome", "Safari", "Firefox", "Edge", "Opera", "Samsung Internet", "Vivaldi", "DuckDuckGo"})
# Of browsers for small screens, and of apps that show pages in one that they bring.
SAME_BROWSER = {
    "Chrome Mobile WebView": "Chrome",
    "Chromium": "Chrome",
    "Mobile Safari UI/WKWebView": "Safari",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Opera Mini": "Opera",
    "Opera Touch": "Opera",
    "Firefox Focus": "Firefox",
}
SYSTEMS = frozenset({"Windows", "macOS", "iOS", "Android", "Linux", "Chrome OS"})
LINUXES = frozenset({"Ubuntu", "Fedora", "Debian", "Red Hat", "SUSE", "Arch Linux", "Gentoo", "Linux Mint"})
DESKTOPS = frozenset({"Windows", "macOS", "Linux", "Chrome OS"})

# Asks whether we are there.
MONITORING = re.compile(
    r"uptime|pingdom|statuscake|site24x7|checkly|datadog|newrelic|kube-probe|googlehc|elb-health|prometheus|nagios"
    r"|zabbix|betterstack|blackbox",
    re.IGNORECASE,
)
# What ua-parser takes for browsers.
ROBOTS = re.compile(
    r"bot\b|bot/|crawl|spider|headless|phantomjs|lighthouse|pagespeed|preview|scrap|fetch|monitor|validator"
    r"|python|java/|curl|wget|okhttp|axios|node",
    re.IGNORECASE,
)
# How the headers of all browsers begin, for reasons of history.
BROWSERS_BEGIN = ("Mozilla/", "Opera/")


class Agent(NamedTuple):
    device: str
    browser: str
    system: str
    is_robot: bool = False
    is_monitoring: bool = False


PROGRAM = Agent(Device.PROGRAM, "", "", is_robot=True)


def agent_of(user_agent: str) -> Agent:
    """To read one that did not come lately takes a tenth of a millisecond; the last ones are kept."""
    return read(user_agent[:LONGEST_USER_AGENT])


@lru_cache(maxsize=2048)
def read(user_agent: str) -> Agent:
    if MONITORING.search(user_agent):
        return PROGRAM._replace(is_monitoring=True)
    if not user_agent.startswith(BROWSERS_BEGIN):
        return PROGRAM
    # Its rules take a tenth of a second to load, and most processes never ask.
    from ua_parser import parse

    found = parse(user_agent)
    if (found.device and found.device.family == "Spider") or ROBOTS.search(user_agent):
        return PROGRAM
    system = system_of(found)
    return Agent(device_of(user_agent, system), browser_of(found), system)


def browser_of(found: Any) -> str:
    family = found.user_agent.family if found.user_agent else ""
    name = SAME_BROWSER.get(family) or COMMON_NAMES.get(family, family)
    return name if name in BROWSERS else OTHER


def system_of(found: Any) -> str:
    family = found.os.family if found.os else ""
    name = "Linux" if family in LINUXES else COMMON_NAMES.get(family, family)
    return name if name in SYSTEMS else OTHER


def device_of(user_agent: str, system: str) -> str:
    """By what browsers agree on: those on telephones say "Mobile", those on Android that don't are on tablets.

    An iPad that asks for pages as made for a desktop says that it is a Mac, and is taken for one.
    """
    if "iPad" in user_agent or "Tablet" in user_agent:
        return Device.TABLET
    if "Mobi" in user_agent or "iPhone" in user_agent:
        return Device.PHONE
    if system == "Android":
        return Device.TABLET
    return Device.DESKTOP if system in DESKTOPS else Device.UNKNOWN
