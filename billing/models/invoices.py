"""What was asked for and paid at either provider, and what was given back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from billing.models.subscriptions import Provider, Subscription
from billing.querysets.invoices import InvoiceQuerySet


class InvoiceStatus(models.TextChoices):
    OPEN = "open"
    PAID = "paid"
    # Nothing is owed any more: it was made by mistake, or for a pause.
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible", "given up"


class Invoice(models.Model):
    """An invoice of Stripe's, or a payment of PayPal's. Amounts are whole numbers of the smallest unit of the currency.

    It outlives the account of who paid it: the law wants it kept.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="invoices")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="invoices")
    provider = models.CharField(max_length=10, choices=Provider)
    reference = models.CharField(max_length=255)
    number = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=13, choices=InvoiceStatus)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField(help_text="With tax; below nothing if it is a credit.")
    tax = models.BigIntegerField(default=0)
    amount_paid = models.PositiveBigIntegerField(default=0)
    amount_refunded = models.PositiveBigIntegerField(default=0)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    issued_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    hosted_url = models.TextField(blank=True)
    pdf_url = models.TextField(blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="invoice_at_provider", fields=["provider", "reference"]),
            models.CheckConstraint(name="invoice_status_known", condition=Q(status__in=InvoiceStatus.values)),
            models.CheckConstraint(name="invoice_period", condition=Q(period_end__gte=F("period_start"))),
            models.CheckConstraint(
                name="invoice_paid_has_time", condition=~Q(status=InvoiceStatus.PAID) | Q(paid_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(name="invoice_of_user", fields=["user", "-issued_at", "-id"]),
            models.Index(name="invoice_paid_at", fields=["paid_at"], condition=Q(paid_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number or self.reference


class RefundKind(models.TextChoices):
    REFUND = "refund"
    CREDIT_NOTE = "credit_note", "credit note"
    # The bank took the money back.
    DISPUTE = "dispute"


class Refund(models.Model):
    """Money that went back, or was taken off an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="refunds")
    reference = models.CharField(max_length=255)
    kind = models.CharField(max_length=11, choices=RefundKind)
    amount = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(name="one_refund", fields=["invoice", "reference"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"
