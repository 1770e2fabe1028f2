"""What the API's answers about subscriptions and organisations hold. Amounts are whole numbers of the smallest unit."""

from __future__ import annotations

from billing.levels import FREE
from billing.models import Interval, InvoiceStatus, Provider, RefundKind, Role, State
from common.openapi.shapes import Address, OneOf, Shape, Text, Time, Truth, Whole


class SubscriptionHeld(Shape):
    """What somebody pays for. Whoever has no subscription has the plan `free`, `active`."""

    plan = Text("premium", f"`{FREE}`, `premium` or another plan's code.")
    state = OneOf(
        State.choices,
        "`incomplete`: a checkout is open, nothing is paid; `cancelled`: paid to the end of the period, and then over.",
        example="active",
    )
    provider = OneOf(Provider.choices, "Or null.", allow_null=True)
    interval = OneOf(Interval.choices, "Or null.", allow_null=True)
    current_period_end = Time("What is paid is over then, or null.", example="2026-12-30T09:30:00Z", allow_null=True)
    cancel_at_period_end = Truth("Nothing is charged then.", example=False)
    next = Text("Renews on 30 December 2026 for $12.00.", "In words, what happens next if you do nothing.")


class Consent(Shape):
    """The member has to consent at the provider's; nothing has changed until then."""

    state = OneOf(("requires_action",))
    redirect_url = Address("https://checkout.stripe.com/c/pay/cs_live_a1", "Open it in a browser.")


class ChangePreviewed(Shape):
    """What a change would cost; only `changes` where there is nothing to change."""

    changes = Truth()
    due_now = Whole(6500, "Below 0: put to your credit.", required=False)
    currency = Text("usd", required=False)
    at_once = Truth("Or at the end of what is paid.", required=False)
    next_payment = Whole(12000, required=False, allow_null=True)
    next_payment_at = Time(example="2027-11-30T09:30:00Z", required=False, allow_null=True)
    agreed = Text(
        "eyJkdWUiOjY1MDB9:1vQ…", "Send it with the PUT within 15 minutes, and no other sum is charged.", required=False
    )


class RefundListed(Shape):
    kind = OneOf(RefundKind.choices)
    amount = Whole(1200)
    at = Time()


class InvoiceListed(Shape):
    id = Whole(77)
    number = Text("HTA-0001", "May be empty.")
    provider = OneOf(Provider.choices)
    plan = Text("premium")
    status = OneOf(InvoiceStatus.choices, example="paid")
    currency = Text("usd")
    total = Whole(1200, "With tax; below 0 if it is a credit.")
    tax = Whole(192, "Part of the total.")
    amount_paid = Whole(1200)
    amount_refunded = Whole(0)
    period_start = Time()
    period_end = Time(example="2026-12-30T09:30:00Z")
    issued_at = Time()
    paid_at = Time("Or null.", allow_null=True)
    hosted_url = Text("", "May be empty.")
    pdf_url = Text("", "May be empty.")
    refunds = RefundListed(many=True)


# Organisations


class Seats(Shape):
    total = Whole(25)
    taken = Whole(11)


class OrganisationListed(Shape):
    slug = Text("company")
    name = Text("Company Ltd")
    role = OneOf(Role.choices)
    has_seat = Truth("A seat opens Premium while a contract is in force.")
    seats = Seats(allow_null=True, help_text="Null without a contract in force, and for plain members.")
    contract_ends_at = Time("Null without a contract in force.", example="2027-06-30T00:00:00Z", allow_null=True)


class MemberPerson(Shape):
    id = Whole(7)
    handle = Text("nia-new")
    name = Text("Nia New")
    email = Text("nia@example.org")


class MemberListed(Shape):
    id = Whole(19)
    user = MemberPerson()
    role = OneOf(Role.choices, example="member")
    has_seat = Truth()
    joined_at = Time()


class InvitationListed(Shape):
    id = Whole(4)
    email = Text("new@example.org")
    role = OneOf(Role.choices, example="member")
    with_seat = Truth()
    created_at = Time()
    expires_at = Time(example="2026-12-14T09:30:00Z")
