import pytest

from corral.policy.etags import etag_of, has_etag

TAG = etag_of(b"body")


def test_another_body_has_another_tag() -> None:
    assert etag_of(b"body") == TAG
    assert etag_of(b"body ") != TAG
    assert TAG[0] == TAG[-1] == '"'


@pytest.mark.parametrize(
    ("header", "strong", "weak"),
    [
        (TAG, True, True),
        (f'"a", {TAG} ,"b"', True, True),
        (f"W/{TAG}", False, True),
        ("*", True, True),
        (" * ", True, True),
        ('"other"', False, False),
        (TAG.strip('"'), False, False),
        ("", False, False),
    ],
)
def test_who_has_it(header: str, strong: bool, weak: bool) -> None:
    assert has_etag(header, TAG) is strong
    assert has_etag(header, TAG, weak=True) is weak
