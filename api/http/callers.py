"""From where one may call: decided by Host, Origin and Sec-Fetch-Site, before anything else is read."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

from starlette.datastructures import Headers

from api.http.codec_pages import DECODE, web_ui_origins
from api.http.openai_errors import OPENAI_FOLDER
from promptmill.addresses import is_loopback_host
from promptmill.browsers import from_another_page, host_of, origin_of
from promptmill.config.settings import Settings
from promptmill.config.values import Network

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
WEBHOOKS: Final = "/api/webhooks/"
"""Called by WaveSpeed from outside; authenticated by signature and token instead."""
PROBES: Final = frozenset({"/healthz", "/readyz"})
"""What Kubernetes and load balancers ask by an address of their own."""
SESSION: Final = "/api/session"
"""Where a browser signs in: everybody may ask whether they have."""
GUARDED_FOLDERS: Final = ("/api/", OPENAI_FOLDER)
MCP: Final = "/mcp"
"""Where agents call; their clients are programs, not pages."""
GUARDED_PATHS: Final = frozenset({"/metrics", MCP})
"""With the folders: what no page of another origin may even read. It could take all streams, or ask without end."""
OPEN_PATHS: Final = frozenset({"/", "/docs", "/openapi.json"} | PROBES)
"""Paths without a token: the page that asks for it, the documentation, and probes, which cannot send one."""
SHARED_FOLDER: Final = "/shared/"
"""Of signed addresses of stored outputs: outside `/api/`, which a link on another page cannot open."""

OPEN_FOLDERS: Final = ("/web/", "/docs/", SHARED_FOLDER)


class Refusal(NamedTuple):
    """Why a call is refused: a code of `PROBLEM_KINDS`, and a detail where there is more to say than its advice."""

    code: str
    detail: str | None = None


@dataclass(frozen=True)
class CallerRules:
    """The rules of one installation.

    Attributes:
        hosts: Allowed `Host` names besides loopback, in lower case.
        proxies: Where callers come from whose `X-Forwarded-Host` counts instead of their `Host`, and whose
            `X-Forwarded-For` instead of their address.
        origins: Those of other pages whose scripts may call the API with a key.
        web_ui: Origins of Temporal's Web UI, which may have payloads decrypted, and nothing else.
    """

    hosts: frozenset[str]
    proxies: tuple[Network, ...] = ()
    origins: frozenset[str] = frozenset()
    web_ui: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> CallerRules:
        """Return the rules that the settings define."""
        hosts = frozenset(host.lower().rstrip(".") for host in settings.allowed_hosts)
        return cls(
            hosts,
            settings.trusted_proxies,
            frozenset(settings.allowed_origins),
            web_ui_origins(settings.temporal_ui_url),
        )

    def refusal(self, method: str, path: str, headers: Headers, peer: str | None = None) -> Refusal | None:
        """Return why a call is refused, or None. `peer` is the address that the connection comes from."""
        if path.startswith(WEBHOOKS):
            return None
        authority = self.authority(headers, peer)
        if path not in PROBES and not self.host_allowed(authority):
            # As if nothing were here: DNS rebinding must reveal nothing.
            return Refusal("not_found")
        if self.codec_page(path, headers) is not None or self.other_origin(path, headers, peer) is not None:
            return None
        if (method not in SAFE_METHODS or _is_guarded(path)) and from_another_page(headers, authority):
            return Refusal("origin_not_allowed", _lost_port(headers, authority))
        if _is_guarded(path) and headers.get("sec-fetch-site", "").lower() == "same-site":
            # A neighbouring host or another port: it gets the session's cookie, and without `Origin` (an image, say).
            return Refusal("origin_not_allowed")
        return None

    def other_origin(self, path: str, headers: Headers, peer: str | None) -> str | None:
        """Return the origin of another page whose script calls and may do so, with a key alone; else None.

        Not to sign in: a session is for the page that is served here.
        """
        given = headers.getlist("origin")
        if len(given) != 1 or given[0] not in self.origins or not takes_origins(path):
            return None
        if self.codec_page(path, headers) is not None:
            return None
        authority = self.authority(headers, peer)
        if not self.host_allowed(authority) or origin_of(given[0]) == authority.lower():
            return None
        return given[0]

    def codec_page(self, path: str, headers: Headers) -> str | None:
        """Return the origin of the Web UI's page, if it asks to have payloads decrypted."""
        given = [origin.lower() for origin in headers.getlist("origin")]
        return given[0] if path == DECODE and len(given) == 1 and given[0] in self.web_ui else None

    def authority(self, headers: Headers, peer: str | None) -> str:
        """Return the host and port that the caller asked for: what a trusted proxy says, else the `Host`."""
        forwarded = _last(headers, "x-forwarded-host")
        if forwarded and self._is_proxy(address_of(peer)):
            return forwarded
        return headers.get("host", "")

    def is_https(self, scheme: str, headers: Headers, peer: str | None) -> bool:
        """Return whether the caller came over TLS: to us, or to a trusted proxy."""
        if scheme != "https" and self._is_proxy(address_of(peer)):
            scheme = _last(headers, "x-forwarded-proto").lower()
        return scheme == "https"

    def called_at(self, scheme: str, headers: Headers, peer: str | None) -> str:
        """Return the origin that a caller called, for addresses that are returned to that caller alone.

        So anybody in front may say that it was over TLS: a proxy that is not trusted as well.
        """
        over_tls = "https" in {scheme, _last(headers, "x-forwarded-proto").lower()}
        return f"{'https' if over_tls else 'http'}://{self.authority(headers, peer)}"

    def address(self, headers: Headers, peer: str | None) -> IPv4Address | IPv6Address | None:
        """Return the caller's address: behind trusted proxies the last one in `X-Forwarded-For` that is no proxy."""
        caller = address_of(peer)
        for forwarded in reversed(",".join(headers.getlist("x-forwarded-for")).split(",")):
            before = address_of(forwarded.strip())
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


def takes_origins(path: str) -> bool:
    """Return whether a path is part of what scripts of other pages may call."""
    return path.startswith(GUARDED_FOLDERS) and not path.startswith(WEBHOOKS) and path != SESSION


def is_open(path: str) -> bool:
    """Return whether a path is readable by everybody."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def address_of(text: str | None) -> IPv4Address | IPv6Address | None:
    """Return an address, an IPv4 one in an IPv6 one as itself; None for what is none."""
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _last(headers: Headers, name: str) -> str:
    """Return the last value of a header; empty if there is none.

    Proxies add theirs behind what came, or as a further line: only the last is surely the trusted one's.
    """
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()


def _is_guarded(path: str) -> bool:
    return path.startswith(GUARDED_FOLDERS) or path in GUARDED_PATHS


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
