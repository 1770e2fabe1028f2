"""Every address of the platform, but for the two of ops.middleware.HealthMiddleware."""

from allauth.account.decorators import secure_admin_login
from allauth.urls import build_provider_urlpatterns
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, include, path

from accounts.views import addresses


def to_change_password(request: HttpRequest, extra_context: object = None) -> HttpResponseRedirect:
    return redirect("account_change_password")


admin.autodiscover()
# One door for everybody to sign in, and to change a password: the admin's own know no second factor, no limit and no
# history.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.password_change = admin.site.password_change_done = to_change_password  # type: ignore[assignment, method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    # First, since each address is tried in turn, and what programs ask most has the least else to do.
    path("api/", include("config.api")),
    path("", include("community.urls")),
    path("", include("accounts.urls")),
    path("", include("tutorials.urls")),
    path("", include("billing.urls")),
    # Ours in the place of allauth's, whose way to change an address we do without.
    path("accounts/email/", addresses.email, name="account_email"),
    # allauth's own list also has addresses that it keeps for old installations.
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/3rdparty/", include("allauth.socialaccount.urls")),
    path("accounts/", include(build_provider_urlpatterns())),
    path("admin/", admin.site.urls),
]
if settings.DEBUG:
    urlpatterns.append(path("dev/", include("ops.urls")))

handler400 = "common.views.bad_request"
handler403 = "common.views.permission_denied"
handler404 = "common.views.page_not_found"
handler500 = "common.views.server_error"
