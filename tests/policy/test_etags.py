import pytest

from corral.policy.etags import etag_of, has_etag, has_revision

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


def test_a_revision_is_found_again() -> None:
    one, other = etag_of(b"body", "r1"), etag_of(b"later", "r1")
    assert one != other
    for header in (one, other, f'"a", {one}'):
        assert has_revision(header, "r1")
        assert not has_revision(header, "r2")
    for header in (f"W/{one}", TAG, "r1", '"r1"', "*", ""):
        assert not has_revision(header, "r1")
