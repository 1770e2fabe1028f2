"""What the policy of our pages is for: script that gets into one all the same does nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.factories import make_tutorial

# Each as it would lie in a page whose escaping failed, put there in place of the text.
MARKUP = {
    "a script": "<script>window.ran = true</script>",
    "a handler": "<img src='/nothing.png' onerror='window.ran = true'>",
    "an address": "<a id='lure' href='javascript:window.ran = true'>here</a>",
    "another site's script": "<script src='https://evil.example/x.js'></script>",
}
# As a parser puts it there, whose scripts run, and not as `innerHTML` does, whose do not.
PUT = """markup => {
    window.refused = [];
    document.addEventListener("securitypolicyviolation", each => window.refused.push(each.effectiveDirective));
    document.querySelector("main").replaceChildren(document.createRange().createContextualFragment(markup));
    document.querySelector("#lure")?.click();
}"""


@pytest.mark.parametrize("markup", MARKUP.values(), ids=MARKUP.keys())
def test_a_script_that_got_into_a_page_does_not_run(new_page: Callable[..., Page], markup: str) -> None:
    make_tutorial("Open")
    page = new_page()
    page.goto("/tutorials/open/")
    page.evaluate(PUT, markup)
    page.wait_for_function("() => window.refused.length > 0")
    assert not page.evaluate("() => window.ran")
    assert all(name.startswith("script-src") for name in page.evaluate("() => window.refused"))
