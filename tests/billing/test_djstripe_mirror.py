"""The tables of dj-stripe are a copy of what Stripe said last, of our own members and of nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.apps import apps
from djstripe import models as stripe
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.djstripe_mirror import KEPT, mirror
from tests.at_once import overtaken
from tests.billing.stripe_objects import (
    MADE,
    Object,
    a_charge,
    a_coupon,
    a_customer,
    a_dispute,
    a_payment_method,
    a_price,
    a_product,
    a_promotion_code,
    a_refund,
    a_subscription,
    an_invoice,
)
from tests.factories import make_user


def tables_with_rows() -> set[str]:
    models = apps.get_app_config("djstripe").get_models(include_auto_created=True)
    return {model.__name__ for model in models if model._base_manager.exists()}


def test_a_subscription_is_kept_with_all_that_is_told_with_it(learner: User) -> None:
    mirror(a_subscription("x"), a_refund("x"), a_dispute("x"), a_coupon(), a_promotion_code(), subscriber=learner)
    assert tables_with_rows() == {model.__name__ for model in KEPT.values()}
    customer = stripe.Customer.objects.get()
    assert (customer.id, customer.email, customer.subscriber) == ("cus_x", "x@howtoai.example", learner)
    assert customer.default_payment_method.id == "pm_x"
    subscription = stripe.Subscription.objects.get()
    assert (subscription.status, subscription.customer) == ("active", customer)
    assert subscription.created == datetime.fromtimestamp(MADE, UTC)
    item = stripe.SubscriptionItem.objects.get()
    assert (item.subscription, item.price.id, item.price.product.name) == (subscription, "price_premium", "Premium")
    invoice = stripe.Invoice.objects.get()
    assert (invoice.status, invoice.customer, invoice.subscription) == ("paid", customer, subscription)
    charge = stripe.Charge.objects.get()
    assert (charge.amount, charge.customer, charge.payment_method.type) == (Decimal(19), customer, "card")
    assert stripe.Refund.objects.get().charge == stripe.Dispute.objects.get().charge == charge


def test_what_is_told_anew_is_the_newest_state_wherever_it_stands(learner: User) -> None:
    mirror(a_subscription("x"), subscriber=learner)
    news = a_subscription("x") | {"status": "past_due"}
    news["customer"]["email"] = "new@howtoai.example"
    news["latest_invoice"]["status"] = "open"
    mirror(news)
    assert stripe.Subscription.objects.get().status == "past_due"
    assert stripe.Invoice.objects.get().status == "open"
    customer = stripe.Customer.objects.get()
    assert (customer.email, customer.subscriber) == ("new@howtoai.example", learner)


def test_each_object_is_kept_once_and_secrets_are_not(learner: User) -> None:
    mirror(a_subscription("x"), subscriber=learner)
    said = stripe.Subscription.objects.get().stripe_data
    assert (said["customer"], said["latest_invoice"], said["default_payment_method"]) == ("cus_x", "in_x", "pm_x")
    assert said["items"]["data"][0]["price"] == "price_premium"
    everything = [model._base_manager.values_list("stripe_data", flat=True) for model in KEPT.values()]
    assert "secret" not in str([list(rows) for rows in everything])


def test_what_belongs_to_nobody_known_is_passed_over(db: None) -> None:
    mirror(a_subscription("x"), a_refund("x"), a_payment_method("y"), an_invoice("z"), a_charge("z"))
    assert tables_with_rows() == {"Product", "Price"}


def test_a_customer_who_was_erased_does_not_come_back_with_late_news(learner: User) -> None:
    mirror(a_subscription("x"), subscriber=learner)
    stripe.Customer.objects.get().delete()
    mirror(a_customer("x"), an_invoice("x"))
    assert not stripe.Customer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nor_with_news_that_come_during_the_erasure() -> None:
    mirror(a_subscription("x"), subscriber=make_user())
    overtaken(stripe.Customer.objects.get().delete, lambda: mirror(a_subscription("x")))
    assert not stripe.Customer.objects.exists()
    assert not stripe.Subscription.objects.exists()


def test_a_deleted_customer_is_not_kept(learner: User) -> None:
    mirror({"id": "cus_x", "object": "customer", "deleted": True}, subscriber=learner)
    assert tables_with_rows() == set()


def test_what_comes_later_finds_what_it_belongs_to(learner: User) -> None:
    mirror(a_subscription("x"), subscriber=learner)
    mirror(a_charge("x") | {"id": "ch_2", "payment_method": "pm_gone"})
    charge = stripe.Charge.objects.get(id="ch_2")
    assert (charge.customer.id, charge.payment_method) == ("cus_x", None)


def test_the_catalogue_changes_only_when_it_is_named_itself(learner: User) -> None:
    mirror(a_subscription("x"), subscriber=learner)
    mirror(a_subscription("x") | {"items": {"data": [a_price() | {"active": False}, a_product() | {"name": "Other"}]}})
    assert (stripe.Price.objects.get().active, stripe.Product.objects.get().name) == (True, "Premium")
    mirror(a_price() | {"active": False}, a_product() | {"name": "Other"}, a_coupon() | {"name": "Summer"})
    mirror(a_coupon() | {"name": "Autumn"})
    assert (stripe.Price.objects.get().active, stripe.Product.objects.get().name) == (False, "Other")
    assert stripe.Coupon.objects.get().name == "Autumn"


def test_it_takes_a_statement_for_each_kind(learner: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    mirror(a_subscription("x"), subscriber=learner)
    # Six kinds of their own, three looks at what there is, and a savepoint, which tests have for a transaction.
    with django_assert_num_queries(11):
        mirror(a_subscription("x"), subscriber=learner)


@pytest.mark.parametrize(
    "told",
    [a_customer("x"), a_payment_method("x"), a_charge("x"), a_refund("x"), a_product(), a_price()],
    ids=lambda told: told["object"],
)
def test_columns_are_as_djstripe_reads_them(learner: User, told: Object) -> None:
    """All links lead to what is there, and the account of our key is known, so that it asks Stripe for nothing."""
    told |= {"balance_transaction": None, "payment_intent": None}
    mirror(a_subscription("x"), a_refund("x"), subscriber=learner)
    mirror(told)
    account = stripe.Account.objects.create(id="acct_x")
    key = stripe.APIKey.objects.create(
        secret=f"sk_test_{'x' * 24}", type="secret", livemode=False, djstripe_owner_account=account
    )
    read = KEPT[told["object"]]._stripe_object_to_record(told, api_key=key.secret)
    del read["djstripe_owner_account"], read["stripe_data"]
    assert len(read) > 3
    row = KEPT[told["object"]].objects.get(id=told["id"])
    assert {name: getattr(row, name) for name in read} == read
