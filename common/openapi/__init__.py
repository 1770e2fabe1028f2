"""What the API says of itself, as OpenAPI 3.1 (docs/decisions/0022-contract.md).

Views say it beside their methods with `described`, authentication classes with a `Scheme`, and what answers hold is a
`Shape`. None of this is looked at while a request is served, and the library that makes the document of it is loaded
with the first question for that.
"""

from common.openapi.describing import (
    OF_ONE_NETWORK,
    OF_ONE_PERSON,
    Description,
    Limit,
    Listed,
    Refusal,
    Scheme,
    described,
    stands_for,
)

__all__ = [
    "OF_ONE_NETWORK",
    "OF_ONE_PERSON",
    "Description",
    "Limit",
    "Listed",
    "Refusal",
    "Scheme",
    "described",
    "stands_for",
]
