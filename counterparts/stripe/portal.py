"""Sessions of the customer portal, and how it is configured."""

from __future__ import annotations

from django.urls import path

from counterparts import settings
from counterparts.stripe.api import resource, takes
from counterparts.stripe.errors import invalid
from counterparts.stripe.events import tell, updating
from counterparts.stripe.params import LIST, Asked, Shape, flag, mapping, merged, one_of, text
from counterparts.stripe.store import chosen, get, make, named, now, page, things
from counterparts.world import Thing

CONFIGURATION: dict[str, Shape] = {
    "business_profile": {"headline": text, "privacy_policy_url": text, "terms_of_service_url": text},
    "default_return_url": text,
    "features": {
        "customer_update": {"allowed_updates": [text], "enabled": flag},
        "invoice_history": {"enabled": flag},
        "payment_method_update": {"enabled": flag},
        "subscription_cancel": {"enabled": flag},
        "subscription_update": {"enabled": flag},
    },
    "login_page": {"enabled": flag},
    "metadata": mapping,
    "name": text,
}
FLOWS = one_of("payment_method_update")


def new_configuration(asked: Asked, *, is_default: bool) -> Thing:
    """Cards, addresses and invoices; subscriptions are changed and cancelled on the platform's own pages."""
    features = asked.get("features") or {}
    if any((features.get(name) or {}).get("enabled") for name in ("subscription_cancel", "subscription_update")):
        raise invalid("The portal of this stand-in neither cancels nor changes subscriptions.", param="features")
    return make(
        "billing_portal.configuration",
        "bpc_",
        active=True,
        application=None,
        business_profile={"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
        | (asked.get("business_profile") or {}),
        default_return_url=asked.get("default_return_url"),
        features={
            "customer_update": {"allowed_updates": ["address", "name"], "enabled": True},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True, "payment_method_configuration": None},
            "subscription_cancel": {
                "cancellation_reason": {"enabled": False, "options": []},
                "enabled": False,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_update": {
                "billing_cycle_anchor": None,
                "default_allowed_updates": [],
                "enabled": False,
                "products": None,
                "proration_behavior": "none",
                "schedule_at_period_end": {"conditions": []},
                "trial_update_behavior": "end_trial",
            },
        },
        is_default=is_default,
        login_page={"enabled": False, "url": None},
        metadata=asked.get("metadata") or {},
        name=asked.get("name"),
        updated=now(),
    )


@takes(CONFIGURATION, "features")
def create_configuration(asked: Asked) -> Thing:
    configuration = new_configuration(asked, is_default=False)
    tell("billing_portal.configuration.created", configuration)
    return configuration


@takes({**CONFIGURATION, "active": flag})
def update_configuration(asked: Asked, configuration_id: str) -> Thing:
    configuration = get("billing_portal.configuration", configuration_id)
    with updating(configuration, "billing_portal.configuration.updated"):
        configuration["active"] = asked.get("active", configuration["active"])
        configuration["business_profile"] |= asked.get("business_profile") or {}
        configuration["default_return_url"] = asked.get("default_return_url", configuration["default_return_url"])
        configuration["metadata"] = merged(configuration["metadata"], asked.get("metadata"))
        configuration["updated"] = now()
    return configuration


@takes({**LIST, "active": flag, "is_default": flag})
def list_configurations(asked: Asked) -> Thing:
    found = chosen("billing_portal.configuration", asked, "active", "is_default")
    return page(found, asked, "/v1/billing_portal/configurations")


@takes()
def show_configuration(asked: Asked, configuration_id: str) -> Thing:
    return get("billing_portal.configuration", configuration_id)


@takes(
    {
        "configuration": text,
        "customer": text,
        "flow_data": {
            "type": FLOWS,
            "after_completion": {"type": one_of("redirect", "portal_homepage"), "redirect": {"return_url": text}},
        },
        "locale": text,
        "return_url": text,
    },
    "customer",
)
def create_session(asked: Asked) -> Thing:
    customer = get("customer", asked["customer"], param="customer")
    configuration = (
        named("billing_portal.configuration", asked.get("configuration"), param="configuration") or default()
    )
    session = make(
        "billing_portal.session",
        "bps_1",
        configuration=configuration["id"],
        customer=customer["id"],
        customer_account=None,
        flow=shown_flow(asked.get("flow_data")),
        locale=asked.get("locale"),
        on_behalf_of=None,
        return_url=asked.get("return_url") or configuration["default_return_url"],
    )
    session["url"] = f"{settings.OWN_URL}/stripe/portal/{session['id']}"
    tell("billing_portal.session.created", session)
    return session


def default() -> Thing:
    configurations = things("billing_portal.configuration").values()
    found = [configuration for configuration in configurations if configuration["is_default"]]
    return found[0] if found else new_configuration({}, is_default=True)


def shown_flow(asked: Asked | None) -> Thing | None:
    if not asked:
        return None
    after = asked.get("after_completion") or {"type": "portal_homepage"}
    return {
        "after_completion": {"hosted_confirmation": None, "redirect": after.get("redirect"), "type": after["type"]},
        "customer_update": None,
        "subscription_cancel": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": asked["type"],
    }


urlpatterns = [
    path("v1/billing_portal/configurations", resource(GET=list_configurations, POST=create_configuration)),
    path(
        "v1/billing_portal/configurations/<configuration_id>",
        resource(GET=show_configuration, POST=update_configuration),
    ),
    path("v1/billing_portal/sessions", resource(POST=create_session)),
]
