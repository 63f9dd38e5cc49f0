import ssl
from typing import Any

import pytest
import redis
import redis.asyncio
import redis.sentinel

from corral.stores.redis.address import Address
from corral.wiring.connection_url import url_of


def address(connection: object) -> Address:
    return Address.from_url(url_of(connection))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("redis://r:7/2", Address("r", 7, db=2)),
        ({}, Address()),
        ({"host": "r", "port": 7, "db": 2}, Address("r", 7, db=2)),
        ({"host": "::1", "maxRetriesPerRequest": None}, Address("::1")),
        ({"username": "u/@", "password": "p#:"}, Address(username="u/@", password="p#:")),
        ({"password": "p"}, Address(password="p")),
        ({"host": "r", "tls": {}}, Address("r", tls=True)),
        ({"host": "r", "tls": False, "db": None}, Address("r")),
        ({"path": "/run/a b.sock", "db": 3, "password": "p"}, Address(path="/run/a b.sock", db=3, password="p")),
        (redis.Redis("r", 7, 2, "p", username="u"), Address("r", 7, username="u", password="p", db=2)),
        (redis.asyncio.Redis(host="r", password="p"), Address("r", password="p")),
        (redis.Redis(unix_socket_path="/s", db=1), Address(path="/s", db=1)),
        (redis.Redis("r", ssl=True), Address("r", tls=True)),
        (redis.asyncio.Redis(host="r", ssl=True, ssl_cert_reqs="none"), Address("r", tls=True, tls_verify=False)),
        (redis.Redis("r", ssl=True, ssl_ca_certs="/ca.pem"), Address("r", tls=True, tls_ca="/ca.pem")),
        (redis.from_url("rediss://u:p@r:7/3"), Address("r", 7, username="u", password="p", db=3, tls=True)),
    ],
)
def test_every_form_leads_to_its_server(given: Any, wanted: Address) -> None:
    found = address(given)
    assert [getattr(found, field) for field in Address.__struct_fields__] == [
        getattr(wanted, field) for field in Address.__struct_fields__
    ]


def test_verification_can_be_off_by_its_constant() -> None:
    assert not address({"tls": True, "ssl_cert_reqs": ssl.CERT_NONE}).tls_verify


@pytest.mark.parametrize(
    "connection",
    [
        None,
        object(),
        {"hots": "r"},
        redis.sentinel.Sentinel([("s", 1)]).master_for("m"),  # type: ignore[no-untyped-call]
        redis.Redis(credential_provider=redis.UsernamePasswordCredentialProvider("u", "p")),
    ],
)
def test_what_does_not_name_one_server_is_refused(connection: object) -> None:
    with pytest.raises(TypeError):
        url_of(connection)
