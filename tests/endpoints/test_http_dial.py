import asyncio
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from corral.endpoints.http import CallFailed, CallTimeout, HttpPool
from tests.endpoints.origin import AMPLE, DEADLINE, Origin, post, reply

OK = reply(b"fine")


class TestOpeningAConnection:
    async def test_refused(self, pool: HttpPool) -> None:
        async with Origin(OK) as origin:
            pass
        with pytest.raises(CallFailed, match=f"^connection refused by {origin.authority}$"):
            await post(pool, origin)

    async def test_a_name_is_resolved(self, pool: HttpPool) -> None:
        async with Origin(OK) as origin:
            url = f"http://localhost:{origin.port}/"
            assert (await pool.request("POST", url, {}, timeout=AMPLE)).body == b"fine"
            assert origin.requests[0].headers["host"] == f"localhost:{origin.port}"

    async def test_a_name_that_does_not_exist(self, pool: HttpPool) -> None:
        with pytest.raises(CallFailed, match=r"^cannot resolve the host name nowhere\.invalid$"):
            await pool.request("POST", "http://nowhere.invalid/", {}, timeout=AMPLE)

    async def test_ipv6(self, pool: HttpPool) -> None:
        async with Origin(OK, host="::1") as origin:
            assert await post(pool, origin) == b"fine"
            assert origin.requests[0].headers["host"] == f"[::1]:{origin.port}"

    async def test_connecting_counts_as_time(self) -> None:
        gone = asyncio.Event()

        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.read()
            writer.close()
            gone.set()

        server = await asyncio.start_server(never, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with HttpPool(tls=ssl.create_default_context()) as pool:
            with pytest.raises(CallTimeout, match="no connection to"):
                await pool.request("POST", url, {}, timeout=0.3)  # by then it is connected
        await asyncio.wait_for(gone.wait(), DEADLINE)
        server.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "self-signed.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout"
    )
    subprocess.run([*command.split(), path, "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


class TestTls:
    @pytest.fixture
    def served(self, certificate: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        return context

    async def test_a_trusted_certificate(self, certificate: Path, served: ssl.SSLContext) -> None:
        trusting = ssl.create_default_context(cafile=certificate)
        async with Origin(OK, tls=served) as origin, HttpPool(tls=trusting) as pool:
            for host in ("127.0.0.1", "127.0.0.1", "localhost"):
                url = f"https://{host}:{origin.port}/"
                assert (await pool.request("POST", url, {}, timeout=AMPLE)).body == b"fine"
            assert origin.opened == 2

    async def test_an_untrusted_certificate(self, pool: HttpPool, served: ssl.SSLContext) -> None:
        async with Origin(OK, tls=served) as origin:
            with pytest.raises(CallFailed, match=r"the certificate of .* is not trusted: self.signed certificate"):
                await post(pool, origin)
            assert not origin.requests

    async def test_a_server_without_tls(self, pool: HttpPool) -> None:
        def answer_in_plain_text(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(reply(status="400 Bad Request"))
            writer.close()

        server = await asyncio.start_server(answer_in_plain_text, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CallFailed, match=f"TLS with 127.0.0.1:{port} failed"):
            await pool.request("POST", f"https://127.0.0.1:{port}/", {}, timeout=AMPLE)
        server.close()


class TestWhereItMayCall:
    async def test_an_address_that_may_not_be_called_is_not(self) -> None:
        asked: list[tuple[str, str]] = []

        def may(host: str, address: str) -> bool:
            asked.append((host, address))
            return False

        async with Origin(OK) as origin, HttpPool(may=may) as pool:
            with pytest.raises(CallFailed, match=r"^the host 127\.0\.0\.1 is at an address that may not be called$"):
                await post(pool, origin)
            assert (asked, origin.requests) == ([("127.0.0.1", "127.0.0.1")], [])

    async def test_where_a_redirect_leads_is_asked_as_well(self) -> None:
        async with Origin(OK) as inside:
            onward = reply(b"", "307 Temporary Redirect", location=f"http://localhost:{inside.port}/")
            async with Origin(onward) as origin, HttpPool(may=lambda host, address: host != "localhost") as pool:
                with pytest.raises(CallFailed, match="the host localhost is at an address that may not be called"):
                    await post(pool, origin)
            assert inside.requests == []
