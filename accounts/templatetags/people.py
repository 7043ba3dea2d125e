"""How the account pages name things."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()
# Each browser also names those it descends from, so the order decides.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@register.filter
def browser(user_agent: str) -> str:
    """Return "Firefox on Windows", or the beginning of what the browser said where we do not know it."""
    program = next((name for sign, name in BROWSERS.items() if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    if program and system:
        return _("{browser} on {system}").format(browser=program, system=system)
    return program or system or user_agent[:40] or _("Unknown browser")
