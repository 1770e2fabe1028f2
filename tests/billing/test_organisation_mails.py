"""What the mails about organisations say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import TestCase
from django.utils import timezone

from accounts.models import User
from billing.emails import organisations as emails
from billing.models import Contract, Membership, Organisation, Seat
from billing.services.seats import settle
from tests.billing.organisations import DAY, add, make_contract, make_invitation, make_organisation

Mail = Callable[[Organisation], object]


@pytest.fixture
def company(learner: User, admin: User) -> Organisation:
    made = make_organisation(learner, by=admin, name="O'Brien <b>&</b> Sons")
    make_contract(made, by=admin, ends_at=timezone.now() + 6 * DAY)
    return made


def invitation(company: Organisation) -> None:
    own = Membership.objects.get()
    assert own.user is not None
    emails.invitation(invitation=make_invitation(company, by=own.user), token="the-token")


def accepted(company: Organisation) -> None:
    own = Membership.objects.get()
    assert own.user is not None
    emails.accepted(invitation=make_invitation(company, by=own.user), membership=own)


def seat_ends(company: Organisation) -> None:
    own = Membership.objects.get()
    emails.seat_ends(seat=Seat(organisation=company, user=own.user), at=timezone.now() + DAY)


def contract_ends(company: Organisation) -> None:
    emails.contract_ends(contract=Contract.objects.get(), owner=Membership.objects.get())


MAILS: dict[str, tuple[Mail, str]] = {
    "invitation": (invitation, "/billing/invitations/the-token/"),
    "accepted": (accepted, "/billing/organisations/obrien-bb-sons/"),
    "made owner": (
        lambda _: emails.made_owner(membership=Membership.objects.get()),
        "/billing/organisations/obrien-bb-sons/",
    ),
    "seat given back": (
        lambda _: emails.seat_given_back(membership=Membership.objects.get()),
        "/pricing/",
    ),
    "seat ends": (seat_ends, "/pricing/"),
    "contract ends": (contract_ends, "/billing/enterprise/"),
    "without owner": (
        lambda company: emails.without_owner(organisation=company),
        "/admin/billing/organisation/",
    ),
}


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_reads_well_in_text_and_html(
    company: Organisation, mailoutbox: list[EmailMultiAlternatives], name: str
) -> None:
    send, link = MAILS[name]
    with TestCase.captureOnCommitCallbacks(execute=True):
        send(company)
    letter = mailoutbox[-1]
    text, html = str(letter.body), str(letter.alternatives[0][0])
    assert link in text
    assert link in html
    assert "O'Brien <b>&</b> Sons" in text
    assert "O'Brien" in letter.subject or name == "invitation"
    assert "O&#x27;Brien &lt;b&gt;" in html
    for part in (str(letter.subject), text, html.replace("<!DOCTYPE", "")):
        for wrong in ("!", "{{", "{%", "None", "&amp;#"):
            assert wrong not in part
    assert "<b>" not in html.replace("<body", "")


def test_those_who_get_up_for_a_smaller_contract_are_told_once(
    learner: User, admin: User, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    company = make_organisation(learner, by=admin, seats=2, name="Company")
    add(company, by=admin, seat=True)
    last = add(company, by=admin, seat=True)
    assert last.user is not None
    start = timezone.now() + 10 * DAY
    with TestCase.captureOnCommitCallbacks(execute=True):
        make_contract(company, by=admin, seats=1, starts_at=start)
        settle(company)
    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == ([last.user.email], f"Your seat of Company ends on {start:%-d %B %Y}")
