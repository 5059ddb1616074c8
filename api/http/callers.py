"""Who may call: decided by Host, Origin, Sec-Fetch-Site and the bearer token, before anything else is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

from starlette.datastructures import Headers

from api.http.wrong_tokens import WrongTokens
from promptmill.addresses import is_loopback_host
from promptmill.browsers import from_another_page, host_of, origin_of
from promptmill.config.settings import Settings
from promptmill.config.values import Network

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
WEBHOOKS: Final = "/api/webhooks/"
"""Called by WaveSpeed from outside; authenticated by signature and token instead."""
PROBES: Final = frozenset({"/healthz", "/readyz"})
"""What Kubernetes and load balancers ask by an address of their own."""
GUARDED_FOLDER: Final = "/api/"
GUARDED_PATHS: Final = frozenset({"/metrics"})
"""With the folder: what no page of another origin may even read. It could take all live streams, or ask without end."""
OPEN_PATHS: Final = frozenset({"/", "/docs", "/openapi.json"} | PROBES)
"""Paths without a token: the page that asks for it, the documentation, and probes, which cannot send one."""
OPEN_FOLDERS: Final = ("/web/", "/docs/")


class Refusal(NamedTuple):
    """Why a call is refused: a code of `PROBLEM_KINDS`, and a detail where there is more to say than its advice."""

    code: str
    detail: str | None = None


@dataclass(frozen=True)
class CallerRules:
    """The rules of one installation.

    Attributes:
        hosts: Allowed `Host` names besides loopback, in lower case.
        tokens: The tokens of which every call must carry one; none requires none.
        proxies: Where callers come from whose `X-Forwarded-Host` counts instead of their `Host`, and whose
            `X-Forwarded-For` instead of their address.
        wrong_tokens: Who came with a wrong token.
    """

    hosts: frozenset[str]
    tokens: tuple[bytes, ...]
    proxies: tuple[Network, ...] = ()
    wrong_tokens: WrongTokens = field(default_factory=WrongTokens)

    @classmethod
    def of(cls, settings: Settings) -> CallerRules:
        """Return the rules that the settings define."""
        tokens = tuple(token.get_secret_value().encode() for token in settings.api_tokens.values())
        hosts = frozenset(host.lower().rstrip(".") for host in settings.allowed_hosts)
        return cls(hosts, tokens, settings.trusted_proxies)

    def refusal(self, method: str, path: str, headers: Headers, peer: str | None = None) -> Refusal | None:
        """Return why a call is refused, or None. `peer` is the address that the connection comes from."""
        if path.startswith(WEBHOOKS):
            return None
        authority = self._authority(headers, peer)
        if path not in PROBES and not self.host_allowed(authority):
            # As if nothing were here: DNS rebinding must reveal nothing.
            return Refusal("not_found")
        if (method not in SAFE_METHODS or _is_guarded(path)) and from_another_page(headers, authority):
            return Refusal("origin_not_allowed", _lost_port(headers, authority))
        if self.tokens and not is_open(path) and not self._has_token(headers):
            # Whoever sends none guesses nothing.
            guessed = "authorization" in headers
            many = guessed and self.wrong_tokens.note(self._caller(headers, peer))
            return Refusal("too_many_wrong_tokens" if many else "unauthorized")
        return None

    def _authority(self, headers: Headers, peer: str | None) -> str:
        """Return the host and port that the caller asked for: what a trusted proxy says, else the `Host`."""
        forwarded = headers.get("x-forwarded-host", "")
        if forwarded and self._is_proxy(_address(peer)):
            # Proxies add theirs behind what came: only the last is surely the trusted one's.
            return forwarded.rpartition(",")[2].strip()
        return headers.get("host", "")

    def _caller(self, headers: Headers, peer: str | None) -> IPv4Address | IPv6Address | None:
        """Return the caller's address: behind trusted proxies the last one in `X-Forwarded-For` that is no proxy."""
        caller = _address(peer)
        for forwarded in reversed(",".join(headers.getlist("x-forwarded-for")).split(",")):
            before = _address(forwarded.strip())
            if before is None or not self._is_proxy(caller):
                break
            caller = before
        return caller

    def _is_proxy(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self.proxies)

    def host_allowed(self, authority: str) -> bool:
        """Return whether a `Host` header names this machine or one of the allowed hosts."""
        host = host_of(authority)
        return host is not None and (host in self.hosts or is_loopback_host(host))

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # All are compared, whichever it is: how long it takes tells nothing.
        right = [compare_digest(given.strip().encode("latin-1"), token) for token in self.tokens]
        return scheme.lower() == "bearer" and any(right)


def is_open(path: str) -> bool:
    """Return whether a path is readable without a token."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    """Return an address, an IPv4 one in an IPv6 one as itself; None for what is none."""
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_guarded(path: str) -> bool:
    return path.startswith(GUARDED_FOLDER) or path in GUARDED_PATHS


def _lost_port(headers: Headers, authority: str) -> str | None:
    """Return what to change where a proxy passes the host on without the port that the page was opened with."""
    page = origin_of(headers.get("origin", ""))
    if page is None or page == authority.lower() or host_of(page) != host_of(authority):
        return None
    return (
        f"The page was opened at {page}, and the Host that arrived is {authority}. If a proxy stands between, let it "
        "pass the port on (nginx: `proxy_set_header Host $http_host;`), or set X-Forwarded-Host there and name its "
        "address in PROMPTMILL_TRUSTED_PROXIES."
    )
