import pytest

from corral.endpoints.http import CallFailed, CallTimeout, HttpPool
from tests.endpoints.origin import AMPLE, HANG, SOON, Origin, post, reply

OK = reply(b"there")
SECRETS = {"Authorization": "Bearer s", "Cookie": "a=b", "X-Kept": "yes", "Content-Type": "application/json"}


def moved(status: int, location: str) -> bytes:
    return reply(b"moved", f"{status} Elsewhere", location=location)


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (301, "PUT", "PUT"),
        (302, "PATCH", "PATCH"),
        (303, "PUT", "GET"),
        (303, "GET", "GET"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
    ],
)
async def test_the_method_after_a_redirect(pool: HttpPool, status: int, method: str, expected: str) -> None:
    async with Origin(moved(status, "there?x=1#y"), OK) as origin:
        url = f"{origin.url}from/here"
        got = await pool.request(method, url, SECRETS, b"body", timeout=AMPLE)
        assert got.body == b"there"
        second = origin.requests[1]
        assert (second.method, second.target) == (expected, "/from/there?x=1")
        kept = expected == method
        assert second.body == (b"body" if kept else b"")
        assert ("content-type" in second.headers) == kept
        assert second.headers["authorization"] == "Bearer s"
        assert origin.opened == 1


async def test_secrets_stay_with_their_origin(pool: HttpPool) -> None:
    async with Origin(OK) as other, Origin(moved(307, other.url)) as origin:
        url = f"http://user:pass@{origin.authority}/"
        headers = {**SECRETS, "Host": "virtual"}
        assert (await pool.request("POST", url, headers, b"body", timeout=AMPLE)).body == b"there"
        assert origin.requests[0].headers["authorization"] == "Bearer s"
        arrived = other.requests[0]
        assert arrived.body == b"body"
        assert arrived.headers["x-kept"] == "yes"
        assert arrived.headers["host"] == other.authority
        assert not {"authorization", "cookie"} & arrived.headers.keys()


async def test_five_redirects_are_followed(pool: HttpPool) -> None:
    async with Origin(*[moved(307, "/")] * 5, OK) as origin:
        assert await post(pool, origin) == b"there"


async def test_six_are_too_many(pool: HttpPool) -> None:
    async with Origin(*[moved(307, "/")] * 6, OK) as origin:
        with pytest.raises(CallFailed, match="more than 5 redirects"):
            await post(pool, origin)
        assert len(origin.requests) == 6


async def test_the_timeout_covers_all_hops(pool: HttpPool) -> None:
    async with Origin(moved(307, "/"), HANG) as origin:
        with pytest.raises(CallTimeout):
            await post(pool, origin, timeout=SOON)


async def test_without_a_location_the_reply_stands(pool: HttpPool) -> None:
    async with Origin(reply(b"nowhere", "302 Found")) as origin:
        got = await pool.request("POST", origin.url, {}, timeout=AMPLE)
        assert (got.status, got.body) == (302, b"nowhere")


@pytest.mark.parametrize("location", ["ftp://a/", "http://a:99999/", "http://[::1/", "data:,x"])
async def test_a_place_that_is_not_http_fails_the_call(pool: HttpPool, location: str) -> None:
    async with Origin(moved(307, location)) as origin:
        with pytest.raises(CallFailed, match="cannot follow the redirect"):
            await post(pool, origin)
