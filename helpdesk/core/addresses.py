"""Addresses of the web as settings have them: what names a place, and how browsers write it."""

from __future__ import annotations

import socket
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

_READ_IN_TWO_WAYS = "ß\u03c2\u200c\u200d"  # the older rules for names, which Python has, and the newer ones differ here


def names_a_place(url: str) -> bool:
    """Whether a host and, if any, a real port stand in it."""
    return bool(urlsplit(url).hostname) and has_real_port(url)


def has_real_port(url: str) -> bool:
    """Also where there is none. `urlsplit` finds a wrong one only when it is asked for."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def as_browsers_write(parts: SplitResult) -> str:
    """The origin of this address: the name in lower case and in ASCII, without the scheme's own port.

    Raises ValueError for what is no name of a host.
    """
    host = parts.hostname or ""
    if not host.isascii():
        if set(host) & set(_READ_IN_TWO_WAYS):
            raise ValueError("write the name as browsers send it, which begins with xn--")
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ValueError("this is no name of a host") from error
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{_bracketed(host)}" + ("" if parts.port in (None, own) else f":{parts.port}")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def local_url(host: str, port: int) -> str:
    """Where a browser on this machine finds a process that listens there; on all addresses is also on the local one."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{_bracketed(host)}" + ("" if port == 80 else f":{port}")


def free_port(host: str) -> int:
    """A port that nobody listens on now; 0 where that cannot be found out, which starting then says."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
            return int(probe.getsockname()[1])
    except OSError:
        return 0


@lru_cache(maxsize=10_000)
def plain_address(text: str) -> str:
    """An IP address as it is compared and kept: without the port, brackets and zone that proxies and systems add, and
    one of IPv4 as such also where it came through IPv6. "" when it is none.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


@lru_cache(maxsize=10_000)
def network_of(address: str | None) -> str:
    """The network that is counted by: one IPv4 address, or the /64 that one IPv6 customer has."""
    plain = plain_address(address or "")
    return str(ip_network((plain, 64), strict=False)) if ":" in plain else plain or "unknown"
