import pytest

from corral.endpoints.http import Prepared, prepare
from corral.model.errors import InvalidInput


def lines(request: Prepared) -> list[str]:
    return request.head.decode("latin-1").split("\r\n")


def test_the_head_of_a_plain_request() -> None:
    request = prepare("POST", "http://example.com/work", {"X-Key": " 1 "})
    assert request.head == (
        b"POST /work HTTP/1.1\r\nhost: example.com\r\nuser-agent: corral\r\naccept: */*\r\nX-Key: 1\r\n"
    )
    assert request.wire(b"{}") == request.head + b"content-length: 2\r\n\r\n{}"


def test_the_length_is_named_even_of_no_body_but_not_for_get() -> None:
    assert prepare("POST", "http://a/", {}).wire(b"").endswith(b"content-length: 0\r\n\r\n")
    assert b"content-length" not in prepare("GET", "http://a/", {}).wire(b"")


@pytest.mark.parametrize(
    ("url", "host", "target", "key"),
    [
        ("http://a.b", "a.b", "/", "http://a.b:80"),
        ("http://a.b:80/x", "a.b", "/x", "http://a.b:80"),
        ("https://a.b", "a.b", "/", "https://a.b:443"),
        ("https://a.b:80", "a.b:80", "/", "https://a.b:80"),
        ("HTTP://A.B:8080?q=1", "a.b:8080", "/?q=1", "http://a.b:8080"),
        ("http://[::1]:99/x#part", "[::1]:99", "/x", "http://[::1]:99"),
        ("http://[::1]/?a=b&c=%20#part", "[::1]", "/?a=b&c=%20", "http://[::1]:80"),
        ("http://a/ü x/%41?ü=\"'", "a", "/%C3%BC%20x/%41?%C3%BC=%22'", "http://a:80"),
        ("http://bücher.example/", "xn--bcher-kva.example", "/", "http://xn--bcher-kva.example:80"),
        (" http://a/ ", "a", "/", "http://a:80"),
    ],
)
def test_urls(url: str, host: str, target: str, key: str) -> None:
    request = prepare("POST", url, {})
    assert lines(request)[0] == f"POST {target} HTTP/1.1"
    assert f"host: {host}" in lines(request)
    assert request.origin.key == key


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a",
        "ftp://a/",
        "http://",
        "http:///x",
        "http://a:99999/",
        "http://a:x/",
        "http://[::1/",
        "http://a b/",
    ],
)
def test_urls_that_lead_nowhere_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid URL"):
        prepare("POST", url, {})


def test_given_headers_win_whatever_their_case() -> None:
    given = {"HOST": "other", "User-Agent": "mine", "ACCEPT": "text/plain"}
    assert lines(prepare("POST", "http://a/", given))[1:-1] == [
        "HOST: other",
        "User-Agent: mine",
        "ACCEPT: text/plain",
    ]


def test_the_framing_is_never_the_callers() -> None:
    head = prepare("POST", "http://a/", {"Content-Length": "99", "Transfer-Encoding": "chunked"}).head.lower()
    assert b"content-length" not in head
    assert b"transfer-encoding" not in head


def test_credentials_in_the_url_become_basic_authorization() -> None:
    request = prepare("POST", "http://us%40er:p%3Ass@a/", {})
    assert "authorization: Basic dXNAZXI6cDpzcw==" in lines(request)
    assert "host: a" in lines(request)


def test_a_given_authorization_wins_over_the_url() -> None:
    request = prepare("POST", "http://user:pass@a/", {"Authorization": "Bearer x"})
    assert [line for line in lines(request) if "uthorization" in line] == ["Authorization: Bearer x"]


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "snow ☃"])
def test_values_that_would_break_the_head_are_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid value for header x"):
        prepare("POST", "http://a/", {"x": value})


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "ü"])
def test_header_names_that_are_no_tokens_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid header name"):
        prepare("POST", "http://a/", {name: "x"})


@pytest.mark.parametrize("method", ["", "PO ST", "POST\r\n", "HEAD", "CONNECT"])
def test_methods_that_cannot_be_sent_are_refused(method: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid HTTP method"):
        prepare(method, "http://a/", {})
