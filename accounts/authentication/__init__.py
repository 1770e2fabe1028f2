"""Who a request of the API comes from: an API key, an access token (header or cookie) or the website's session."""

from accounts.authentication.api_keys import ApiKeyAuthentication
from accounts.authentication.tokens import BearerAuthentication, CookieAuthentication, PageAuthentication

__all__ = ["ApiKeyAuthentication", "BearerAuthentication", "CookieAuthentication", "PageAuthentication"]
