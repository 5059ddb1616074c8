"""Which of the callers' URLs may be opened, by providers and by us."""

from __future__ import annotations

import pytest

from promptmill.addresses import MAX_URL_CHARACTERS, address_error, host_named, url_error

PUBLIC = [
    "https://example.com/a.png",
    "https://EXAMPLE.com:8443/a.png?b=c#d",
    "https://8.8.8.8/a.png",
    "https://[2606:4700::1111]/a.png",
    "https://bücher.example/a.png",
    "https://cdn.0x.example/a.png",
]
LOCAL_SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7F.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[2600::5efe:127.0.0.1]",
    "[2600::200:5efe:10.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "[fc00::1]",
    "localhost",
    "printer",
    "a.localhost",
    "nas.local",
    "metadata.google.internal",
]
NEVER = [
    "169.254.169.254",
    "[fe80::1]",
    "0.0.0.0",
    "0",
    "224.0.0.1",
    "255.255.255.255",
    "100.64.0.1",
    "1.2.3.4.5",
    "256.1.1.1",
    "foo.0x7f",
    "[::]",
    "[ff02::1]",
    "[fe80::1%25eth0]",
    "a..b",
    *("[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[2600::5efe:169.254.169.254]"),
    *("168.63.129.16", "192.0.0.192", "192.88.99.1", "100.100.100.200"),
    *("[fd00:ec2::254]", "[fd20:ce::254]", "[fec0::1]", "[::ffff:0:7f00:1]", "[64:ff9b:1::7f00:1]", "[3fff::1]"),
    *("[5f00::1]", "[4000::1]", "[e000::1]"),
]
RESOLVED_PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
RESOLVED_PRIVATE = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"]
RESOLVED_NEVER = [
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1%eth0",
    "0.0.0.0",
    "224.0.0.1",
    "ff02::1",
    "example.com",
    "",
]


@pytest.mark.parametrize("url", PUBLIC)
def test_public_https_address_passes(url: str) -> None:
    assert url_error(url) is None


@pytest.mark.parametrize("host", LOCAL_SPELLINGS + NEVER)
def test_private_host_is_refused_in_every_spelling(host: str) -> None:
    assert url_error(f"https://{host}/a.png") is not None


@pytest.mark.parametrize("host", LOCAL_SPELLINGS)
def test_private_host_passes_where_it_is_allowed_with_plain_http(host: str) -> None:
    assert url_error(f"http://{host}:3901/a.png", allow_private=True) is None


@pytest.mark.parametrize("host", NEVER)
def test_link_local_and_reserved_hosts_never_pass(host: str) -> None:
    assert url_error(f"https://{host}/a.png", allow_private=True) is not None


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://example.com/a.png", "https"),
        ("ftp://example.com/a.png", "https"),
        ("https://", "https"),
        ("https:///a.png", "https"),
        ("example.com/a.png", "https"),
        ("https://user@example.com/", "credentials"),
        ("https://user:secret@example.com/", "credentials"),
        ("https://example.com:99999/", "URL"),
        ("https://example.com\\@127.0.0.1/", "characters"),
        ("https://exam ple.com/", "characters"),
        ("https://example.com/\n", "characters"),
        ("https://example.com/" + "a" * MAX_URL_CHARACTERS, "2048"),
    ],
)
def test_malformed_address_is_refused_and_says_why(url: str, error: str) -> None:
    said = url_error(url)

    assert said is not None
    assert error in said
    assert "secret" not in said


def test_plain_http_to_a_public_host_never_passes() -> None:
    assert url_error("http://example.com/a.png", allow_private=True) is not None


@pytest.mark.parametrize("address", RESOLVED_PUBLIC)
def test_public_address_that_a_name_resolves_to_passes(address: str) -> None:
    assert address_error(address) is None


@pytest.mark.parametrize("address", RESOLVED_PRIVATE)
def test_private_address_that_a_name_resolves_to_passes_only_where_it_is_allowed(address: str) -> None:
    assert address_error(address) is not None
    assert address_error(address, allow_private=True) is None


@pytest.mark.parametrize("address", RESOLVED_NEVER)
def test_address_that_nobody_may_be_sent_to_never_passes(address: str) -> None:
    assert address_error(address, allow_private=True) is not None


@pytest.mark.parametrize(
    ("host", "urls"),
    [
        (
            "a.example",
            ["https://A.Example.:8443/x", "http://u@a.example", "https://\uff41.example", "https://a\u3002example"],
        ),
        ("xn--bcher-kva.example", ["https://b\u00fccher.example", "https://XN--BCHER-KVA.example/"]),
        (
            "8.8.8.8",
            ["https://8.8.8.8:1/", "https://0x08080808", "https://134744072", "https://010.8.8.8", "https://8.8.2056"],
        ),
        ("8.8.8.8", ["https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]"]),
        ("2606:4700::1111", ["https://[2606:4700:0:0::1111]:443/", "https://[2606:4700::1111]"]),
        ("", ["https://[broken", "nothing", "https://1.2.3.4.5/"]),
    ],
)
def test_a_host_has_one_name_however_it_is_written(host: str, urls: list[str]) -> None:
    assert {host_named(url) for url in urls} == {host}
