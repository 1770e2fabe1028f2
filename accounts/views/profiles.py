"""What people show of themselves: the page that others see, its picture, and where both are set."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.profiles import PictureForm, ProfileForm
from accounts.models import Profile
from accounts.permissions import member
from accounts.profile_sections import sections_of
from accounts.services import pictures, profiles
from common.files import open_or_404
from common.forms import submit

# A week: the address of a picture changes with the picture, but copies must go when its person goes.
KEPT_BY_BROWSERS = f"public, max-age={7 * 24 * 60 * 60}, immutable"


@login_not_required
@require_safe
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """Somebody's page. What is hidden from the one who asks is not there."""
    found = get_object_or_404(Profile.objects.public().with_roles(), handle=handle)
    own = found.user == request.user
    context = {
        "profile": found,
        "own": own,
        "shows_about": found.shows("about", to=request.user),
        "sections": sections_of(found, to=request.user),
    }
    return render(request, "accounts/profile.html", context)


@login_not_required
@require_safe
def picture(request: HttpRequest, handle: str) -> FileResponse:
    found = get_object_or_404(Profile.objects.public().exclude(picture=""), handle=handle)
    # Whatever was sent to us, what is stored is a WebP that we have drawn.
    response = FileResponse(open_or_404(found.picture), content_type="image/webp", filename=f"{handle}.webp")
    named = request.GET.get("v") == found.picture_version
    response["Cache-Control"] = KEPT_BY_BROWSERS if named else "private, no-cache"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    own = member(request).profile
    if request.method != "POST":
        return show(request, ProfileForm(profile=own), PictureForm())
    form = ProfileForm(request.POST, profile=own)
    if not submit(form, lambda: profiles.change(user=member(request), changes=form.changes())):
        return show(request, form, PictureForm())
    messages.success(request, "Your profile is saved.")
    return redirect("accounts:settings_profile")


@require_POST
def put_picture(request: HttpRequest) -> HttpResponse:
    form = PictureForm(request.POST, request.FILES)
    if not submit(form, lambda: pictures.put(user=member(request), file=form.cleaned_data["picture"])):
        return show(request, ProfileForm(profile=member(request).profile), form)
    messages.success(request, "This is your picture now.")
    return redirect("accounts:settings_profile")


@require_POST
def remove_picture(request: HttpRequest) -> HttpResponse:
    pictures.remove(user=member(request))
    messages.success(request, "Your picture is gone.")
    return redirect("accounts:settings_profile")


def show(request: HttpRequest, form: ProfileForm, picture_form: PictureForm) -> HttpResponse:
    """The settings, with what is wrong in one of its forms."""
    context = {"profile": member(request).profile, "form": form, "picture_form": picture_form}
    return render(request, "accounts/settings_profile.html", context)
