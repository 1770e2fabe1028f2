"""The account to which all belongs."""

from __future__ import annotations

from typing import Any

from django.urls import path

from counterparts.stripe.api import resource, takes
from counterparts.stripe.params import LIST, Asked
from counterparts.stripe.store import listed
from counterparts.world import Thing

ACCOUNT: Thing = {
    "id": "acct_1StandInForStripe0",
    "object": "account",
    "business_profile": {
        "annual_revenue": None,
        "estimated_worker_count": None,
        "mcc": None,
        "minority_owned_business_designation": None,
        "name": "How-to-AI",
        "product_description": None,
        "support_address": None,
        "support_email": None,
        "support_phone": None,
        "support_url": None,
        "url": None,
    },
    "business_type": "company",
    "capabilities": {"card_payments": "active", "transfers": "active"},
    "charges_enabled": True,
    "country": "US",
    "created": 1_700_000_000,
    "default_currency": "usd",
    "details_submitted": True,
    "email": "stand-in@howtoai.example",
    "external_accounts": {
        "object": "list",
        "data": [],
        "has_more": False,
        "url": "/v1/accounts/acct_1StandInForStripe0/external_accounts",
    },
    "future_requirements": None,
    "metadata": {},
    "payouts_enabled": True,
    "settings": {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": "How-to-AI", "timezone": "Etc/UTC"},
        "payments": {
            "statement_descriptor": "HOWTOAI",
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    },
    "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
    "type": "standard",
}


@takes()
def show_account(asked: Asked, **ids: Any) -> Thing:
    return ACCOUNT


@takes(LIST)
def list_accounts(asked: Asked) -> Thing:
    """Those connected to ours: none."""
    return listed([], "/v1/accounts")


urlpatterns = [
    path("v1/account", resource(GET=show_account)),
    path("v1/accounts", resource(GET=list_accounts)),
    path("v1/accounts/<account_id>", resource(GET=show_account)),
]
