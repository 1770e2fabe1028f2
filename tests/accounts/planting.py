"""A person of whom there is something in every model that is registered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Model
from django.utils import timezone
from djstripe.models import Customer

from accounts.models import ApiKey, DataExport, FormerHandle, LoginHistory, Profile, Session, User
from accounts.models.history import Event
from accounts.session_store import SessionStore
from analytics.models import Audience, MemberDay, MemberSummary, Note, Segment, UserAnalytics, WeeklyReader
from billing.djstripe_mirror import mirror
from billing.models import (
    AccessGrant,
    Cause,
    ContactRequest,
    Invitation,
    Membership,
    Organisation,
    ProviderEvent,
    Reminder,
    Role,
    Seat,
    Source,
    State,
    Subscription,
)
from billing.services.recording import Why, record
from common.identities import new_id, time_of_id
from common.partitions import by_month
from community.models import (
    Case,
    Comment,
    Draft,
    Like,
    Mailing,
    MailPreference,
    Notification,
    Post,
    PostImage,
    Report,
    Revision,
    StaffAction,
    Standing,
    TrustLevel,
    Watch,
)
from community.services import likes, writing
from tests.billing.stripe_objects import a_dispute, a_refund, a_subscription
from tests.billing.truths import make_payment, make_return, make_subscription, make_truth
from tests.community.members import make_comment, make_post
from tests.factories import make_grant, make_tutorial, make_user
from tests.tutorials.learners import make_achievement, make_track
from tutorials.models import (
    Award,
    Bookmark,
    Certificate,
    Learner,
    LearningDay,
    QuizAnswer,
    QuizAttempt,
    ReviewNote,
    TrackCompletion,
    Tutorial,
    TutorialProgress,
    TutorialVersion,
)

# Stands in every text that is planted, the e-mail address among them.
MARK = "zqmark"
ADDRESS = f"{MARK}@howtoai.example"
NETWORK_ADDRESS = "203.0.113.77"


def plant(*, email: str = ADDRESS, mark: str = MARK, bystander: User | None = None) -> User:
    """Make the person. A `bystander` of the staff has done something to them in the admin."""
    user = make_user(email=email, name=f"{mark} person", role="author")
    user.user_permissions.add(Permission.objects.order_by("pk")[0])
    for planting in PLANTINGS.values():
        planting(user, mark)
    plant_traces(user, mark, bystander)
    return user


def profile(user: User, mark: str) -> None:
    own = user.profile
    own.handle, own.display_name, own.bio = f"{mark}-handle", f"{mark} name", f"{mark} **bio**"
    own.links = [f"https://{mark}.example/"]
    own.picture = default_storage.save(f"pictures/{mark}.webp", ContentFile(b"picture"))
    own.save()


def session(user: User, mark: str) -> None:
    now = timezone.now()
    Session.objects.create(
        user=user,
        door="page",
        device=f"{mark} device",
        address=NETWORK_ADDRESS,
        expires_at=now + timedelta(days=7),
        refresh_hash=mark.encode(),
        previous_hash=mark.encode(),
    )


def login_history(user: User, mark: str) -> None:
    LoginHistory.objects.create(
        user=user,
        session=user.sessions.first(),
        event=Event.LOGIN,
        door="page",
        reason=f"{mark} reason",
        device=f"{mark} device",
        address=NETWORK_ADDRESS,
    )


def api_key(user: User, mark: str) -> None:
    first = ApiKey.objects.create(user=user, name=f"{mark} key", prefix=f"{mark}1", hash=mark.encode(), scopes=["read"])
    ApiKey.objects.create(
        user=user, name=f"{mark} key", prefix=f"{mark}2", hash=mark.encode(), scopes=["read"], replaces=first
    )


def data_export(user: User, mark: str) -> None:
    name = default_storage.save(f"exports/{mark}.zip", ContentFile(b"export"))
    DataExport.objects.create(user=user, file=name, made_at=timezone.now())


def email_confirmation(user: User, mark: str) -> None:
    second = EmailAddress.objects.create(user=user, email=f"second-{mark}@howtoai.example")
    EmailConfirmation.objects.create(email_address=second, key=f"{mark}-key", sent=timezone.now())


def authenticator(user: User, mark: str) -> None:
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": f"{mark} passkey"})


def social_token(user: User, mark: str) -> None:
    app, _ = SocialApp.objects.get_or_create(provider="github", name="GitHub", client_id="ours")
    account = SocialAccount.objects.create(
        user=user, provider="github", uid=f"{mark}-uid", extra_data={"login": f"{mark}-login"}
    )
    SocialToken.objects.create(app=app, account=account, token=f"{mark}-token", token_secret=f"{mark}-secret")


def admin_log(user: User, mark: str) -> None:
    log(actor=user, about=user, mark=mark)


def tutorial(user: User, mark: str) -> None:
    """Without the mark: what somebody wrote for others stays."""
    make_tutorial(author=user)


def tutorial_version(user: User, mark: str) -> None:
    written = make_tutorial()
    kept = {name: getattr(written, name) for name in TutorialVersion.KEPT}
    make(TutorialVersion, tutorial=written, number=1, by=user, **kept)


def review_note(user: User, mark: str) -> None:
    make(ReviewNote, tutorial=make_tutorial(), by=user, text="Say more.")


def tutorial_progress(user: User, mark: str) -> None:
    make(TutorialProgress, user=user, tutorial=make_tutorial(), fraction=0.5)


def learning_day(user: User, mark: str) -> None:
    make(LearningDay, user=user, day=date(2026, 11, 2), seconds=60)


def track_completion(user: User, mark: str) -> None:
    make(TrackCompletion, user=user, track=make_track())


def learner(user: User, mark: str) -> None:
    Learner.objects.update_or_create(user=user, defaults={"streak": 2, "longest_streak": 3})


def quiz_answer(user: User, mark: str) -> None:
    attempt = QuizAttempt.objects.create(user=user, tutorial=make_tutorial(), number=1, score=1, passed=True)
    make(QuizAnswer, attempt=attempt, question="what", chosen=[f"{mark} answer"], right=True)


def certificate(user: User, mark: str) -> None:
    facts = {"track": make_track(), "title": "A track", "finished_on": date(2026, 11, 30)}
    make(Certificate, user=user, name=f"{mark} name", **facts)


def award(user: User, mark: str) -> None:
    make(Award, user=user, achievement=make_achievement("tutorials_finished"))


def access_grant(user: User, mark: str) -> None:
    """Their own, and one that they gave to somebody and took away again."""
    make_grant(user, reason=f"{mark} reason")
    make_grant(make_user(), given_by=user, revoked_by=user, revoked_at=timezone.now())


def organisation(user: User, mark: str) -> None:
    """One that they own and sit in, an invitation that they accepted, and one that they sent."""
    own = Organisation.objects.create(name="Company", slug=f"company-{user.pk}")
    Membership.objects.create(organisation=own, user=user, role=Role.OWNER)
    seat = Seat.objects.create(organisation=own, user=user)
    make_grant(user, seat=seat, key="contract:1", source=Source.SEAT)
    now = timezone.now()
    for email, link in ((user.email, {"accepted_by": user, "accepted_at": now}), ("x@x.example", {"invited_by": user})):
        token_hash = Invitation.hash_of(f"{mark} {email}")
        make(Invitation, organisation=own, email=email, expires_at=now, token_hash=token_hash, **link)


def subscription(user: User, mark: str) -> None:
    """One that has ended, with all that hangs on it, and the events that told of it."""
    made = make_subscription(user, reference=f"sub_{user.pk}", leaving_comment=f"{mark} comment")
    payment = make_payment(
        reference=f"in_{user.pk}", hosted_url=f"https://pay.example/{mark}", returns=(make_return(),)
    )
    over = make_truth(payment, reference=made.reference, state=State.ENDED, ended_at=timezone.now())
    record(made, over, Why(Cause.MEMBER, by=user))
    make(Reminder, subscription=made, kind="trial_ends", about=timezone.now())
    for number, subject in enumerate((made.reference, "")):
        make(
            ProviderEvent,
            provider="stripe",
            event_id=f"evt_{user.pk}_{number}",
            kind="customer.updated",
            subject=subject,
            happened_at=timezone.now(),
            body={"email": user.email, "name": mark},
            digest=b"x" * 32,
        )


def copies_of_stripes(user: User, mark: str) -> None:
    mirror(a_subscription(mark), a_refund(mark), a_dispute(mark), subscriber=user)


def post(user: User, mark: str) -> None:
    """Without the mark, but for one that its author has taken back."""
    make_post(author=user)
    taken_back = make_post(author=user, body=f"{mark} text")
    writing.delete_text(by=user, text=taken_back)


def comment(user: User, mark: str) -> None:
    make_comment(make_post(), author=user)


def revision(user: User, mark: str) -> None:
    written = make_post(author=user, body=f"{mark} before")
    writing.edit_post(by=user, post=written, changes={"body": "Something else."})


def post_image(user: User, mark: str) -> None:
    """Shown by a text that stays."""
    image = PostImage(user=user, width=1, height=1, size=5, digest=mark)
    image.file.save(f"{mark}.webp", ContentFile(b"image"))
    Standing.objects.update_or_create(user=user, defaults={"trust_level": TrustLevel.MEMBER})
    make_post(author=user, body=f"Look: ![a chart]({image.name})")


def like(user: User, mark: str) -> None:
    likes.like(user=user, text=make_post())
    likes.like(user=user, text=make_comment(make_post()))


def watch(user: User, mark: str) -> None:
    make(Watch, user=user, level="watching", tag=mark)
    make(Watch, user=make_user(), level="watching", person=user)


def notification(user: User, mark: str) -> None:
    """Their own, and one that tells somebody else of them."""
    mailing = Mailing.objects.create(user=user, message_id=f"<{mark}@howtoai.example>")
    make(Notification, user=user, kind="moderation", words=f"{mark} words", mailing=mailing)
    make(Notification, user=make_user(), kind="moderation", actor=user)


def mail_preference(user: User, mark: str) -> None:
    make(MailPreference, user=user, kind="like", cadence="never")


def events(user: User, mark: str) -> None:
    """Of now, so in the partition of this month."""
    segment, _ = Segment.objects.get_or_create(tier="free", country="DE", device="phone")
    audience, _ = Audience.objects.get_or_create(segment=segment, browser="Firefox", system="Android")
    identity = new_id()
    at = time_of_id(identity)
    with connection.cursor() as cursor:
        by_month("analytics_useranalytics").ensure(cursor, at.date())
    make(
        UserAnalytics,
        id=identity,
        at=at,
        name="feature",
        user=user,
        visitor=-7,
        audience=audience,
        subject="search",
        properties={"place": mark},
    )


def counts(user: User, mark: str) -> None:
    make(MemberDay, user=user, day=date(2026, 11, 2), segment=1, views=3, seconds=60)


def note(user: User, mark: str) -> None:
    """Without the mark: what happened on a day stays."""
    make(Note, day=date(2026, 11, 2), text="We were in the news.", made_by=user)


def case(user: User, mark: str) -> None:
    """They reported something, decided about it, and something was done to them."""
    asked = make_post()
    decided = Case.objects.create(
        kind="reported", post=asked, decision="dismissed", closed_at=timezone.now(), closed_by=user
    )
    make(Report, case=decided, reporter=user, reason="This is spam.")
    make(StaffAction, by=user, person=asked.author, deed="lock", reason="Done.", post=asked)
    make(StaffAction, person=user, deed="silence", reason="Please stop.")


PLANTINGS: dict[type[Model], Callable[[User, str], None]] = {
    Profile: profile,
    FormerHandle: lambda user, mark: make(FormerHandle, user=user, handle=f"{mark}-former"),
    Session: session,
    LoginHistory: login_history,
    ApiKey: api_key,
    DataExport: data_export,
    EmailConfirmation: email_confirmation,
    Authenticator: authenticator,
    SocialToken: social_token,
    LogEntry: admin_log,
    Tutorial: tutorial,
    AccessGrant: access_grant,
    Subscription: subscription,
    Organisation: organisation,
    Customer: copies_of_stripes,
    TutorialVersion: tutorial_version,
    ReviewNote: review_note,
    TutorialProgress: tutorial_progress,
    Learner: learner,
    LearningDay: learning_day,
    TrackCompletion: track_completion,
    Bookmark: lambda user, mark: make(Bookmark, user=user, tutorial=make_tutorial(), note=f"{mark} note"),
    QuizAnswer: quiz_answer,
    Award: award,
    Certificate: certificate,
    Post: post,
    Comment: comment,
    Revision: revision,
    Draft: lambda user, mark: make(Draft, user=user, place="post", title=f"{mark} title", body=f"{mark} body"),
    PostImage: post_image,
    Like: like,
    Watch: watch,
    Notification: notification,
    MailPreference: mail_preference,
    Case: case,
    UserAnalytics: events,
    MemberDay: counts,
    MemberSummary: lambda user, mark: make(MemberSummary, user=user, source=mark, entry="/"),
    WeeklyReader: lambda user, _mark: make(WeeklyReader, user=user),
    Note: note,
}


def plant_traces(user: User, mark: str, bystander: User | None) -> None:
    """What tells of the person without a link to them."""
    make(LoginHistory, event=Event.FAILURE, door="page", email=user.email.upper(), address=NETWORK_ADDRESS)
    make(ContactRequest, name=mark, email=user.email.upper(), organisation=mark, seats=3, message=mark)
    for data in (
        {"_auth_user_id": str(user.pk), "name": mark},
        {"sid": str(user.sessions.all()[0].pk), "name": mark},
        {"account_login": {"email": user.email.upper()}},
    ):
        store = SessionStore()
        store.update(data)
        store.create()
    if bystander is not None:
        log(actor=bystander, about=user, mark=mark)
        log(actor=bystander, about=user.profile, mark=mark)
        # To something that is there no longer, and is named by the address.
        gone = Session(user=user, device=mark)
        log(actor=bystander, about=gone, mark=mark)


def log(*, actor: User, about: Model, mark: str) -> None:
    LogEntry.objects.create(
        user=actor,
        content_type=ContentType.objects.get_for_model(about),
        object_id=str(about.pk),
        object_repr=str(about),
        action_flag=CHANGE,
        change_message=f"{mark} changed",
    )


def make(model: type[Model], **fields: Any) -> None:
    model._base_manager.create(**fields)
