"""WaveSpeed's webhook signatures: vectors from an independent implementation, and everything that must not pass."""

from __future__ import annotations

import hashlib

import pytest

from api.webhooks.signatures import MAX_AGE_SECONDS, WebhookHeaders, is_fresh, is_signed, read_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT, TIMESTAMP = "e6832d4abffb4d79bfbca19783fca133", "1767225600"
BODY = b'{"id":"e6832d4abffb4d79bfbca19783fca133","status":"completed","outputs":["https://x.example/\xc3\xa9.png"]}'


def hmac_sha256(key: bytes, message: bytes) -> str:
    """HMAC as RFC 2104 defines it, from SHA-256 alone."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()


def sign(secret: str, event: str = EVENT, timestamp: str = TIMESTAMP, body: bytes = BODY) -> str:
    key = secret.removeprefix("whsec_")
    return "v3," + hmac_sha256(key.encode("utf-8"), event.encode() + b"." + timestamp.encode() + b"." + body)


def headers(signature: str, event: str = EVENT, timestamp: str = TIMESTAMP) -> WebhookHeaders:
    found = read_headers({"webhook-id": event, "webhook-timestamp": timestamp, "webhook-signature": signature})
    assert found is not None
    return found


def test_the_vectors_are_made_as_the_rfc_says() -> None:
    """RFC 4231, test cases 2 and 6: the implementation above is right."""
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert hmac_sha256(b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First") == (
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    )


@pytest.mark.parametrize("secret", [SECRET, "plain-text", "whsec_", "whsec_é", "whsec_" + "k" * 200])
@pytest.mark.parametrize("body", [BODY, b"", b"\xff\x00\n", b"x" * 70_000])
def test_a_right_signature_passes(secret: str, body: bytes) -> None:
    # A bare prefix is not a secret.
    assert is_signed(headers(sign(secret, body=body)), body, secret) is (secret != "whsec_")


def test_a_known_vector_passes() -> None:
    """Made by OpenSSL: printf 'a.1.{}' | openssl dgst -sha256 -hmac secret."""
    signature = "v3,0c7f7ebc8b5bd392c5e409865719889365c913beaebb9ed586e77ddcb0c558ce"

    assert is_signed(headers(signature, "a", "1"), b"{}", "whsec_secret")


@pytest.mark.parametrize(
    "signature",
    [
        sign("whsec_another"),
        sign(SECRET, event="another"),
        sign(SECRET, timestamp="1767225601"),
        sign(SECRET, body=BODY + b" "),
        sign(SECRET).replace("v3,", "v1,"),
        sign(SECRET).removeprefix("v3,"),
        sign(SECRET).upper(),
        sign(SECRET) + " ",
        sign(SECRET)[:-1],
        f"{sign(SECRET)},{sign(SECRET)}",
        "v3,",
        "é",
    ],
)
def test_every_other_signature_is_refused(signature: str) -> None:
    assert is_signed(headers(sign(SECRET)), BODY, SECRET)
    assert not is_signed(headers(signature), BODY, SECRET)


def test_the_secret_is_not_base64() -> None:
    """Schemes that look alike decode it: WaveSpeed does not."""
    import base64  # noqa: PLC0415

    decoded = base64.b64decode(SECRET[len("whsec_") :])
    other = "v3," + hmac_sha256(decoded, f"{EVENT}.{TIMESTAMP}.".encode() + BODY)

    assert not is_signed(headers(other), BODY, SECRET)


@pytest.mark.parametrize("off", [0, 1, -1, MAX_AGE_SECONDS, -MAX_AGE_SECONDS])
def test_a_delivery_of_now_is_fresh(off: int) -> None:
    assert is_fresh(headers("v3,x"), int(TIMESTAMP) + off)


@pytest.mark.parametrize("off", [MAX_AGE_SECONDS + 0.5, -MAX_AGE_SECONDS - 0.5, 1e9])
def test_an_old_or_future_delivery_is_not(off: float) -> None:
    assert not is_fresh(headers("v3,x"), int(TIMESTAMP) + off)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("instead", [None, ""])
def test_all_three_headers_are_needed(missing: str, instead: str | None) -> None:
    given = {"webhook-id": EVENT, "webhook-timestamp": TIMESTAMP, "webhook-signature": "v3,x"}
    del given[missing]

    assert read_headers(given | ({} if instead is None else {missing: instead})) is None


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1.5", "1e9", "\uff11", " 1", "9" * 13])
def test_a_timestamp_is_a_number_of_seconds(timestamp: str) -> None:
    given = {"webhook-id": EVENT, "webhook-timestamp": timestamp, "webhook-signature": "v3,x"}

    assert read_headers(given) is None


@pytest.mark.parametrize("event", ["", "a b", "é", "a\x00", "x" * 256])
def test_an_event_id_can_be_stored(event: str) -> None:
    assert read_headers({"webhook-id": event, "webhook-timestamp": "1", "webhook-signature": "v3,x"}) is None
