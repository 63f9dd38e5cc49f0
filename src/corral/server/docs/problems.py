"""GET /docs/problems: every error that a problem body can name, each at its `type`."""

from html import escape

from corral.model import errors
from corral.model.errors import CorralError
from corral.server.docs.markup import paragraphs
from corral.server.docs.page import page
from corral.server.failures import status_of
from corral.server.openapi.schema import prose
from corral.server.v1.problems import CONTENT_TYPE, title_of

_ABOUT = (
    f"Errors of the routes under `/v1` are problems (RFC 9457): `{CONTENT_TYPE}` with `type`, `title`, `status`, "
    "`detail` and, where fields are wrong, `errors`. The `type` leads here and never changes; `detail` is for people."
)


def problems_page() -> str:
    """By status."""
    articles = "".join(
        f'<article id="{kind.code}"><h3><a href="#{kind.code}">{escape(title_of(kind.code))}</a></h3>'
        f'<p class="route"><b>{status_of(kind)}</b> <code>{kind.code}</code></p>{paragraphs(prose(kind.__doc__))}'
        "</article>"
        for kind in catalogue()
    )
    return page("corral: problems", f"<main><h1>Problems</h1>{paragraphs(_ABOUT)}{articles}</main>")


def catalogue() -> list[type[CorralError]]:
    """One class per code, the most general that has it."""
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, CorralError)]
    by_code: dict[str, type[CorralError]] = {}
    for kind in sorted(kinds, key=lambda kind: len(kind.__mro__)):
        by_code.setdefault(kind.code, kind)
    return sorted(by_code.values(), key=lambda kind: (status_of(kind), kind.code))
