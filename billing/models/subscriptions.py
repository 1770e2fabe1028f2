"""What members pay for regularly, through which provider, and everything that became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from billing.models.plans import Price
from billing.querysets.subscriptions import SubscriptionQuerySet


class Provider(models.TextChoices):
    STRIPE = "stripe", "Stripe"
    PAYPAL = "paypal", "PayPal"


class State(models.TextChoices):
    """Whatever the provider calls it, a subscription is in one of these."""

    # A checkout was begun and nothing is paid.
    INCOMPLETE = "incomplete"
    TRIALING = "trialing", "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due", "payment failed"
    PAUSED = "paused"
    # Paid to the end of the period, and not renewed then.
    CANCELLED = "cancelled", "cancelled at period end"
    ENDED = "ended"


# Only one of these at a time for a person.
LIVE = (State.TRIALING, State.ACTIVE, State.PAST_DUE, State.PAUSED, State.CANCELLED)

# From these something else must come soon.
UNSETTLED = (State.INCOMPLETE, State.TRIALING, State.PAST_DUE, State.PAUSED)

# Every way from one state to another. What is not here cannot happen: nothing becomes incomplete again.
TRANSITIONS: dict[str, tuple[tuple[State, ...], tuple[State, ...]]] = {
    "start_trial": ((State.INCOMPLETE,), (State.TRIALING,)),
    "activate": ((State.INCOMPLETE, State.TRIALING), (State.ACTIVE,)),
    "miss_payment": (
        (State.INCOMPLETE, State.TRIALING, State.ACTIVE, State.PAUSED),
        (State.PAST_DUE,),
    ),
    "recover": ((State.PAST_DUE,), (State.ACTIVE, State.TRIALING)),
    "pause": ((State.INCOMPLETE, State.TRIALING, State.ACTIVE, State.PAST_DUE, State.CANCELLED), (State.PAUSED,)),
    "continue": ((State.PAUSED,), (State.ACTIVE, State.TRIALING)),
    "cancel": ((State.INCOMPLETE, State.TRIALING, State.ACTIVE, State.PAST_DUE, State.PAUSED), (State.CANCELLED,)),
    "resume": ((State.CANCELLED,), (State.ACTIVE, State.TRIALING, State.PAST_DUE)),
    "extend_trial": ((State.ACTIVE,), (State.TRIALING,)),
    "end": ((State.INCOMPLETE, *LIVE), (State.ENDED,)),
    # Somebody paid in a checkout that we had given up.
    "revive": ((State.ENDED,), LIVE),
}
NAMES = {(before, after): name for name, (froms, tos) in TRANSITIONS.items() for before in froms for after in tos}


class ImpossibleTransition(Exception):
    """A subscription cannot go from this state to that one."""


def transition_name(before: State, after: State) -> str:
    """Raises ImpossibleTransition."""
    try:
        return NAMES[before, after]
    except KeyError:
        raise ImpossibleTransition(f"a subscription that is {before} does not become {after}") from None


# Looked at since Stripe's objects were last copied.
NOT_MIRRORED = Q(provider=Provider.STRIPE, checked_at__isnull=False) & (
    Q(mirrored_at__isnull=True) | Q(mirrored_at__lt=F("checked_at"))
)


class Subscription(models.Model):
    """A member's subscription to a plan at a price; each checkout makes a new one, and only one is live.

    It follows what the provider says (billing.services.recording). Rights do not hang on it but on
    what was paid: billing.models.AccessGrant.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="subscriptions"
    )
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="subscriptions")
    next_price = models.ForeignKey(
        Price,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What it changes to at the period's end.",
    )
    provider = models.CharField(max_length=10, choices=Provider)
    reference = models.CharField(max_length=255, blank=True, help_text="The provider's name for it.")
    state = models.CharField(max_length=12, choices=State, default=State.INCOMPLETE)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    current_period_start = models.DateTimeField(null=True)
    current_period_end = models.DateTimeField(null=True)
    trial_ends_at = models.DateTimeField(null=True)
    past_due_since = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True, help_text="When the provider tries again to be paid.")
    resumes_at = models.DateTimeField(null=True, help_text="When a pause ends.")
    ended_at = models.DateTimeField(null=True)
    payment_method = models.CharField(max_length=80, blank=True, help_text="In words: Visa ending in 4242.")
    card_expires_on = models.DateField(null=True, help_text="The last day on which the card is good.")
    checkout_reference = models.CharField(max_length=255, blank=True)
    # May open the payment page of this person: never in a log.
    checkout_url = models.TextField(blank=True)
    checkout_expires_at = models.DateTimeField(null=True)
    is_second = models.BooleanField(
        default=False, help_text="Paid while another one was alive: what comes for it goes back."
    )
    leaving_reason = models.CharField(max_length=20, blank=True)
    leaving_comment = models.CharField(max_length=1000, blank=True)
    checked_at = models.DateTimeField(null=True, help_text="When it was last compared with the provider's truth.")
    mirrored_at = models.DateTimeField(null=True, help_text="When Stripe's own objects were last copied for staff.")

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_live_subscription",
                fields=["user"],
                condition=Q(state__in=LIVE),
                violation_error_message="There is a subscription already. Change it instead.",
            ),
            models.UniqueConstraint(
                name="subscription_at_provider", fields=["provider", "reference"], condition=~Q(reference="")
            ),
            models.CheckConstraint(name="subscription_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(name="subscription_provider_known", condition=Q(provider__in=Provider.values)),
            models.CheckConstraint(
                name="subscription_live_has_reference", condition=~Q(state__in=LIVE) | ~Q(reference="")
            ),
        ]
        indexes = [
            models.Index(name="subscription_of_user", fields=["user", "-id"]),
            models.Index(name="subscription_to_mirror", fields=["checked_at"], condition=NOT_MIRRORED),
            models.Index(name="subscription_period_end", fields=["current_period_end"], condition=Q(state__in=LIVE)),
            # Few at any time, and each waits for a moment of its own (billing.services.following, .reminding).
            models.Index(name="subscription_unsettled", fields=["state"], condition=Q(state__in=UNSETTLED)),
        ]

    def __str__(self) -> str:
        return f"{self.price} by {self.get_provider_display()}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def has_another(self) -> bool:
        """Whether its person has another live one."""
        others = type(self).objects.live().filter(user=self.user_id).exclude(pk=self.pk)
        return self.user_id is not None and others.exists()

    @property
    def cancel_at_period_end(self) -> bool:
        return self.state == State.CANCELLED

    @property
    def annual_amount(self) -> int:
        """What it brings in a year as it stands, in the smallest unit; 0 where nothing is asked."""
        asks = self.state in (State.ACTIVE, State.PAST_DUE, State.CANCELLED)
        return self.price.annual_amount if asks else 0


class Cause(models.TextChoices):
    MEMBER = "member", "the member"
    STAFF = "staff", "our staff"
    PROVIDER = "provider", "the provider"
    CLOCK = "clock", "the time"
    RECONCILING = "reconciling", "the nightly comparison"


class SubscriptionTransition(models.Model):
    """One step in the life of a subscription: when, from what to what, and why. Written once."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="transitions")
    name = models.CharField(max_length=20)
    from_state = models.CharField(max_length=12, choices=State)
    to_state = models.CharField(max_length=12, choices=State)
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    annual_amount = models.PositiveBigIntegerField(help_text="What it brings in a year from now on; the smallest unit.")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    cause = models.CharField(max_length=12, choices=Cause)
    event = models.ForeignKey("billing.ProviderEvent", null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(name="transition_at", fields=["at"])]

    def __str__(self) -> str:
        return f"{self.name}: {self.from_state} → {self.to_state}"


class Reminder(models.Model):
    """A mail about a subscription that was sent, so that it is sent once."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=30)
    # What it is about, such as the day on which the card expires.
    about = models.DateTimeField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_reminder", fields=["subscription", "kind", "about"])]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subscription_id}"
