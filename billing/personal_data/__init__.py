"""What billing holds about people."""

from billing.personal_data import (  # noqa: F401 - importing them registers what they say
    organisations,
    own,
    stripe_mirror,
)
