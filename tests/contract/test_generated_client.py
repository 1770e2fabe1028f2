"""A client that a generator makes of the schema, and nothing else, does what people come for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpx
import pytest
from allauth.account.models import EmailAddress
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from accounts.models import User
from billing.models import Subscription
from ops import contract
from tests.billing.shoppers import Shopper
from tests.billing.stripe_shop import Shop, pay, shop  # noqa: F401 - a fixture
from tests.community.members import make_category
from tests.contract.inside import Application, application  # noqa: F401 - a fixture
from tests.counterparts.process import Counterparts
from tutorials.models import Tutorial

PACKAGE = "how_to_ai_client"
SITE = "http://testserver"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Generated anew, in a folder of this run's. Neither an error nor a warning is let pass."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "schema.json").write_bytes(contract.current().json)
    settings = ConfigFile(package_name_override=PACKAGE, project_name_override=PACKAGE, post_hooks=[])
    config = Config.from_sources(
        settings,
        MetaType.NONE,
        document_source=folder / "schema.json",
        file_encoding="utf-8",
        overwrite=False,
        output_path=folder / PACKAGE,
    )
    assert list(generate(config=config)) == []
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


class Program:
    """Calls functions of the generated client by the names of group and operation."""

    def __init__(self, package: ModuleType, application: Application, token: str = "") -> None:  # noqa: F811
        transport = {"transport": httpx.WSGITransport(app=application)}
        if token:
            self.client = package.AuthenticatedClient(base_url=SITE, token=token, httpx_args=transport)
        else:
            self.client = package.Client(base_url=SITE, httpx_args=transport)

    def call(self, group: str, operation: str, *path: Any, status: int = 200, **more: Any) -> Any:
        module = importlib.import_module(f"{PACKAGE}.api.{group}.{operation}")
        answer = module.sync_detailed(*path, client=self.client, **more)
        assert answer.status_code == status, answer.content
        return answer.parsed


def model(name: str) -> Any:
    return getattr(importlib.import_module(f"{PACKAGE}.models"), name)


def test_it_signs_up_reads_posts_and_subscribes(
    package: ModuleType,
    application: Application,  # noqa: F811 - the fixture
    tutorial: Tutorial,
    shop: Shop,  # noqa: F811 - the fixture
    counterparts: Counterparts,
) -> None:
    category = make_category("Prompting")
    stranger = Program(package, application)

    found = stranger.call("tutorials", "get_tutorials", q="prompting")
    assert [each.slug for each in found.results] == [tutorial.slug]
    read = stranger.call("tutorials", "get_tutorial", tutorial.slug)
    assert read.may_read.allowed
    assert read.title == tutorial.title
    assert stranger.call("tutorials", "get_tutorial", "nowhere", status=404).code == "not_found"

    wish = model("SignUpRequest")(
        email="nia@howtoai.example",
        password="three blue herons",
        name="Nia New",
        token_delivery=model("SignUpRequestTokenDelivery").BODY,
    )
    signed_up = stranger.call("signing_in", "post_signup", body=wish, status=201)
    assert signed_up.user.email == "nia@howtoai.example"
    taken = stranger.call("signing_in", "post_signup", body=wish, status=400)
    assert [(fault.field, fault.code) for fault in taken.errors] == [("email", "unique")]
    EmailAddress.objects.filter(email="nia@howtoai.example").update(verified=True)

    nia = Program(package, application, signed_up.access)
    assert nia.call("accounts", "get_me").email_confirmed
    report = model("ProgressRequest")(fraction=0.5, seconds=60)
    assert nia.call("learning", "put_progress", tutorial.slug, body=report).fraction == 0.5
    post = model("NewPostRequest")(
        title="Why does it invent sources?", category=category.slug, body="I asked for three papers."
    )
    posted = nia.call("community", "post_posts", body=post, status=201)
    assert posted.author.handle == signed_up.user.handle
    comment = model("NewCommentRequest")(body="Two of them do not exist.")
    nia.call("community", "post_comments", posted.id, body=comment, status=201)
    said = stranger.call("community", "get_comments", posted.id)
    assert [each.body_html for each in said.results] == ["<p>Two of them do not exist.</p>\n"]

    assert nia.call("billing", "get_subscription").plan == "free"
    premium = model("WishRequest")(plan="premium", provider="stripe")
    consent = nia.call("billing", "put_subscription", body=premium, status=202)
    pay(consent.redirect_url)
    Shopper(User.objects.get(email="nia@howtoai.example"), shop, counterparts).hear()
    assert nia.call("billing", "get_subscription").state.value == "active"
    assert Subscription.objects.filter(user__email="nia@howtoai.example").count() == 1
    (invoice,) = nia.call("billing", "get_subscription_invoices").results
    assert invoice.status.value == "paid"
