"""The test process talks to nobody but this machine."""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

LOCAL_NAMES = {None, "", "localhost"}


class NetworkForbidden(RuntimeError):
    """A test reached for another machine."""


def _is_local(host: Any) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        connection, address = arguments
        if connection.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise NetworkForbidden(f"{event} to {address[0]}: tests use this machine only")
    elif event == "socket.getaddrinfo" and not _is_local(arguments[0]):
        raise NetworkForbidden(f"look-up of {arguments[0]}: tests use this machine only")


def forbid_network() -> None:
    """From now on every connection and look-up of this process that leaves the machine raises. Cannot be undone."""
    sys.addaudithook(_watch)
