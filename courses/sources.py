"""From where a link was asked or fetched, as far as it is kept: the address, its network, and the browser in two words."""

import ipaddress
import re
from dataclasses import dataclass

from django.http import HttpRequest

from config import audit

# In this order: most browsers claim to be others as well.
BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
    ("curl", r"^curl/"),
    ("Wget", r"^Wget/"),
    ("aria2", r"^aria2/"),
    ("Python", r"python|aiohttp|httpx"),
)
SYSTEMS = (
    ("Android", r"Android"),
    ("iOS", r"iPhone|iPad|iPod"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """An IP address, the network it lies in, and a browser such as "Firefox, Windows"; each may be empty."""

    address: str = ""
    network: str = ""
    agent: str = ""


NOWHERE = Source()


def source_of(request: HttpRequest) -> Source:
    """Return from where this request comes. No query."""
    return source(audit.address_of(request), request.headers.get("User-Agent", ""))


def source(address: str, agent: str) -> Source:
    known = network_of(address)
    return Source(address if known else "", known, agent_of(agent))


def network_of(address: str) -> str:
    """Return the network that one household or office mostly shares: /24 of IPv4, /48 of IPv6; nothing for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


def agent_of(header: str) -> str:
    """Return browser and system without their versions: enough to tell two devices apart, too little to know one again elsewhere."""
    if not header or header == "-":
        return ""
    browser = next((name for name, pattern in BROWSERS if re.search(pattern, header[:400])), "another program")
    system = next((name for name, pattern in SYSTEMS if re.search(pattern, header[:400])), "")
    return f"{browser}, {system}" if system else browser
