"""Whatever people, thieves and clocks do in whatever order, no token is alive that should be dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.authentication import BearerAuthentication
from accounts.models import LoginHistory, Session, User
from accounts.models.sessions import Door, EndReason
from accounts.services import sessions, signing_in
from accounts.services.sessions import Tokens
from accounts.tokens import InvalidToken
from accounts.visits import Visit
from tests.factories import PASSWORD, make_user

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
VISIT = Visit(door=Door.API, address="192.0.2.1", device="curl")
ACCESS, IDLE, LONGEST, GRACE = timedelta(minutes=15), timedelta(days=7), timedelta(days=30), timedelta(seconds=10)


@dataclass
class Device:
    """What should be true of one signed-in device, told without looking at our code."""

    began: datetime
    expires: datetime
    tokens: list[Tokens] = field(default_factory=list)
    issued: list[datetime] = field(default_factory=list)
    ended: bool = False
    thefts: int = 0

    def alive(self) -> bool:
        return not self.ended and timezone.now() < self.expires

    def take(self, tokens: Tokens) -> None:
        now = timezone.now()
        self.tokens.append(tokens)
        self.issued.append(now)
        self.expires = min(now + IDLE, self.began + LONGEST)


class World:
    def __init__(self) -> None:
        self.person = make_user()
        self.devices: list[Device] = []
        self.password = PASSWORD

    def sign_in(self) -> None:
        cache.clear()  # limits are tried elsewhere
        session = signing_in.log_in(email=self.person.email, password=self.password, visit=VISIT)
        now = timezone.now()
        device = Device(began=now, expires=now + IDLE)
        device.take(sessions.issue_tokens(session))
        self.devices.append(device)

    def show(self, device: Device, number: int) -> None:
        """Somebody, owner or thief, shows one of a device's refresh tokens."""
        newest = len(device.tokens) - 1
        within_grace = number == newest - 1 and timezone.now() - device.issued[newest] <= GRACE
        try:
            got = sessions.refresh(token=device.tokens[number].refresh, visit=VISIT)
        except InvalidToken:
            assert not device.alive() or (number != newest and not within_grace)
            device.thefts += device.alive()
            device.ended = True
            return
        assert device.alive()
        if number == newest:
            device.take(got)
        else:
            assert within_grace
            assert got.refresh == device.tokens[newest].refresh

    def log_out(self, device: Device, number: int) -> None:
        sessions.log_out(token=device.tokens[number].refresh, visit=VISIT)
        device.ended = True

    def end_all(self) -> None:
        sessions.end_all(user=self.person, visit=VISIT, reason=EndReason.REVOKED)
        for device in self.devices:
            device.ended = True

    def change_password(self) -> None:
        self.password = f"{PASSWORD} {len(self.devices)} {timezone.now()}"
        self.person.set_password(self.password)
        self.person.save()
        for device in self.devices:
            device.ended = True

    def check(self) -> None:
        for device in self.devices:
            for tokens, issued in zip(device.tokens, device.issued, strict=True):
                should = device.alive() and timezone.now() < issued + ACCESS
                assert opens_a_door(tokens.access) == should
        assert Session.objects.alive().count() == sum(device.alive() for device in self.devices)
        assert LoginHistory.objects.filter(event="theft").count() == sum(device.thefts for device in self.devices)


def opens_a_door(access: str) -> bool:
    cache.clear()
    request = Request(APIRequestFactory().get("/", headers={"Authorization": f"Bearer {access}"}))
    try:
        return BearerAuthentication().authenticate(request) is not None
    except AuthenticationFailed:
        return False


devices = st.integers(0, 2)
# How old a token is shown: the newest, the one before it, older ones.
back = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 6])
STEPS = st.one_of(
    st.tuples(st.just("show"), devices, back),
    st.tuples(st.just("show twice"), devices, st.sampled_from([0, 9, 10, 11, 60])),
    st.tuples(st.just("wait"), st.sampled_from([1, 9, 10, 11, 11, 600, 901, 6 * 86400, 7 * 86400 - 1, 8 * 86400])),
    st.tuples(st.just("wait"), st.sampled_from([9, 10, 11, 600])),
    st.tuples(st.sampled_from(["sign in", "sign in", "end all", "change password"])),
    st.tuples(st.just("log out"), devices, back),
)


def play(world: World, clock: Any, step: tuple[Any, ...]) -> None:
    kind, *which = step
    device = world.devices[which[0] % len(world.devices)] if which and world.devices else None
    moves: dict[str, Callable[[], Any]] = {
        "sign in": world.sign_in,
        "end all": world.end_all,
        "change password": world.change_password,
        "wait": lambda: clock.shift(which[0]),
    }
    if kind in moves:
        moves[kind]()
    elif device is not None:
        newest = len(device.tokens) - 1
        if kind == "show twice":
            world.show(device, newest)
            clock.shift(which[1])
            world.show(device, newest)
        else:
            (world.log_out if kind == "log out" else world.show)(device, max(0, newest - which[1]))


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=8, max_size=20))
def test_no_token_is_alive_that_should_be_dead(steps: list[tuple[Any, ...]]) -> None:
    LoginHistory.objects.all().delete()
    User.objects.all().delete()
    with time_machine.travel(NOON, tick=False) as clock:
        world = World()
        world.sign_in()
        for step in steps:
            play(world, clock, step)
            world.check()
