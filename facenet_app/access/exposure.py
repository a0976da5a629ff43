"""Whether anybody but this machine's own users can reach the server."""

import ipaddress

from facenet_app.settings import Settings

__all__ = ["is_exposed", "is_loopback"]


def is_loopback(host: str) -> bool:
    """Whether a host name or literal address is this machine's own, which no other can ask for."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def is_exposed(settings: Settings) -> bool:
    """Whether others can get here: another address than loopback, or a proxy that passes them on."""
    return not is_loopback(settings.host) or bool(settings.public_hosts)
