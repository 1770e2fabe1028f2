from tests.billing.paypal_shop import shop as paypal  # noqa: F401 - a fixture for all
from tests.billing.shoppers import shopper  # noqa: F401 - a fixture for all
from tests.billing.stripe_shop import shop  # noqa: F401 - a fixture for all
