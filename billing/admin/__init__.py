"""What staff see and do in the admin."""

from billing.admin import (  # noqa: F401 - importing them registers them
    contacts,
    events,
    grants,
    organisations,
    plans,
    revenue,
    stripe_mirror,
    subscriptions,
)
