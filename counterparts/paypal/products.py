"""Products of the catalogue: what plans sell."""

from __future__ import annotations

from counterparts.paypal import errors, events, patching
from counterparts.paypal.api import Answer, Call, find, link, now, page_of, require, written
from counterparts.world import Thing, new_id, world

PATH = "/v1/catalogs/products"
TYPES = ("PHYSICAL", "DIGITAL", "SERVICE")
FIELDS = ("id", "name", "description", "type", "category", "image_url", "home_url")
# A field may also be taken away.
CHANGEABLE = {"/(description|category|image_url|home_url)": ("add", "replace", "remove")}
OWN_PREFIX = "PROD-"
LONGEST_NAME, LONGEST_DESCRIPTION = 127, 256


def create(call: Call) -> Answer:
    body = call.body
    check(body)
    product_id = body.get("id") or new_id(OWN_PREFIX, 17).upper()
    if product_id in world.things["paypal.product"]:
        raise errors.unprocessable("DUPLICATE_RESOURCE_IDENTIFIER", "Identifier must be unique.")
    product: Thing = {field: body[field] for field in FIELDS if field in body}
    product |= {"id": product_id, "create_time": written(now()), "update_time": written(now())}
    product["links"] = [link(f"{PATH}/{product_id}", "self"), link(f"{PATH}/{product_id}", "edit", "PATCH")]
    world.things["paypal.product"][product_id] = product
    events.tell("CATALOG.PRODUCT.CREATED", "product", product)
    return 201, product if call.wants_all else in_short(product)


def check(body: Thing) -> None:
    require(body, "name", "type")
    if body["type"] not in TYPES:
        raise errors.invalid(errors.INVALID, "/type", body["type"])
    if len(body["name"]) > LONGEST_NAME:
        raise errors.invalid(errors.TOO_LONG, "/name", body["name"])
    if len(body.get("description", "")) > LONGEST_DESCRIPTION:
        raise errors.invalid(errors.TOO_LONG, "/description", body["description"])
    if body.get("id", "").startswith(OWN_PREFIX):
        issue = "INVALID_PARAMETER_SYNTAX", "Input identifier must not use system prefix."
        raise errors.invalid(issue, "/id", body["id"])


def in_short(product: Thing) -> Thing:
    fields = ("id", "name", "description", "create_time", "links")
    return {field: product[field] for field in fields if field in product}


def listed(call: Call) -> Answer:
    return 200, page_of(call, "products", [in_short(each) for each in world.things["paypal.product"].values()], PATH)


def show(call: Call, product_id: str) -> Answer:
    return 200, find("product", product_id)


def change(call: Call, product_id: str) -> Answer:
    product = find("product", product_id)
    for operation in patching.checked(call.body, CHANGEABLE):
        patching.apply(product, operation)
    product["update_time"] = written(now())
    events.tell("CATALOG.PRODUCT.UPDATED", "product", product)
    return 204, None
