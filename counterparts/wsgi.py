"""The served process: `granian --interface wsgi --workers 1 counterparts.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "counterparts.settings"

application = get_wsgi_application()

# The settings must be known first; and the addresses, whose modules register what can be on the agenda.
from counterparts import keeping, urls  # noqa: E402, F401
from counterparts.paypal import certificates  # noqa: E402

certificates.write_authority()
keeping.keep_going()
