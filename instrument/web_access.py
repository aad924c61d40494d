"""Who may ask a server of ours: what it may open, and whom a request must be meant for. Pure."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach ``host``; a name we do not know is not."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def too_open(what: str, host: str, osc_host: str) -> str | None:
    """One sentence when ``host`` would be open to more than OSC is; both are IP addresses.

    ``what`` is to be served there. What it tells is only for whoever may play.
    """
    if is_loopback(osc_host) and not is_loopback(host):
        return (
            f"{what} on {host} would be open to the network while OSC on {osc_host} is not:"
            " open OSC too, or leave both on this machine."
        )
    return None


def is_meant_for(host_header: str, bound_to: str, announced_as: str) -> bool:
    """Whether a request with this ``Host`` may be answered.

    On loopback it must name this machine: a page whose own name was made to point here (DNS
    rebinding) says its own. ``announced_as`` is the name that zeroconf tells. Elsewhere the network
    knows us by names that we do not know.
    """
    if not is_loopback(bound_to):
        return True
    name = _name_in(host_header)
    return is_loopback(name) or name == announced_as.lower().rstrip(".")


def is_called(host_header: str, own_name: str) -> bool:
    """Whether a request with this ``Host`` calls us by an IP address or a name that is ours.

    For what may be played as well as looked at, wherever it is bound: a number cannot be made to
    point here by somebody's name server. ``own_name`` is this machine's, also with ``.local``.
    """
    name, own = _name_in(host_header), own_name.lower().rstrip(".").removesuffix(".local")
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return name == "localhost" or (own != "" and name in {own, f"{own}.local"})
    return True


def _name_in(host_header: str) -> str:
    name = host_header.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")


def is_of_our_own(origin: str | None, host_header: str) -> bool:
    """Whether a WebSocket may be opened: by a program, which has no origin, or a page of ours.

    Browsers let every page open a WebSocket to every host, and tell only where it comes from.
    """
    if origin is None:
        return True
    scheme, _, host = origin.lower().partition("://")
    return scheme in {"http", "https"} and host == host_header.strip().lower()
