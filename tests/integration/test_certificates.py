"""When the certificates end that are shown at an address: read as a client would, also if nobody would trust them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from api.installation.certificates import FRESH_SECONDS, Certificates
from promptmill.config.settings import load_settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.local.ports import LOOPBACK, free_port
from tests.fixtures.certificates import write_certificate


@asynccontextmanager
async def shown(certificate: Path | None) -> AsyncIterator[str]:
    """A server that shows a certificate; with none, one that says nothing."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(close, LOOPBACK, 0, ssl=context)
    async with server:
        yield f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"


async def test_ends_are_read_also_of_what_has_ended(tmp_path: Path) -> None:
    near, ended = tmp_path / "near.pem", tmp_path / "ended.pem"
    ends = write_certificate(near, days=5), write_certificate(ended, days=-1)
    async with shown(near) as first, shown(ended) as second, shown(None) as plain:
        away = f"{LOOPBACK}:{free_port()}"
        found = await Certificates((first, second, plain, away, "nowhere.invalid:443")).look()

    assert found == {first: ends[0], second: ends[1], plain: None, away: None, "nowhere.invalid:443": None}


async def test_a_renewed_certificate_is_seen_after_a_while(tmp_path: Path) -> None:
    now = 0.0
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    ends = write_certificate(old, days=1), write_certificate(new, days=90)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(old)
    server = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, 0, ssl=context)
    async with server:
        address = f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
        certificates = Certificates((address,), clock=lambda: now)
        assert (await certificates.look())[address] == ends[0]
        context.load_cert_chain(new)
        assert (await certificates.look())[address] == ends[0], "Prometheus must not shake hands every 15 s"
        now = FRESH_SECONDS
        assert (await certificates.look())[address] == ends[1]


async def test_no_authorities_are_loaded_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        pytest.fail("the API stands still meanwhile, once for each address")

    near = tmp_path / "near.pem"
    ends = write_certificate(near, days=5)
    async with shown(near) as address:
        monkeypatch.setattr(ssl.SSLContext, "load_default_certs", load)
        assert await Certificates((address,)).look() == {address: ends}


def test_the_public_address_is_watched_as_well() -> None:
    given = {
        "PROMPTMILL_ENV_FILE": "",
        "PROMPTMILL_CERTIFICATE_ADDRESSES": "Mill.example.com, [::1]:8443,mill.example.com:443",
    }

    assert load_settings(given).watched_certificates == ("mill.example.com:443", "[::1]:8443")
    hooks = load_settings(given | {"PROMPTMILL_PUBLIC_URL": "https://hooks.example.com/mill"})
    assert hooks.watched_certificates[-1] == "hooks.example.com:443"
    plain = load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_PUBLIC_URL": "http://127.0.0.1:3000"})
    assert plain.watched_certificates == ()


@pytest.mark.parametrize(
    "wrong", ["https://mill.example.com", "mill.example.com/x", "a@b", ":443", "a:0", "a:x", "[::1"]
)
def test_what_is_no_address_is_named(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=r"PROMPTMILL_CERTIFICATE_ADDRESSES.*is no address"):
        load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_CERTIFICATE_ADDRESSES": wrong})
