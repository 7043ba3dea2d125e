"""The postman's rounds: new mail about money is sent at once, and what waits every minute. In the background, by `billing.sending`."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from billing import sending
from config import background


@background.task(tries=3, title=_("Send new mail about money"))
def send_notices() -> None:
    """Send what has just been put into the outbox. What fails waits there, with its own pauses, for the duty below."""
    if not sending.is_server_down() and not sending.send_due():
        send_notices.enqueue()


@background.every(timedelta(minutes=1), title=_("Send waiting mail about money"))
def send_waiting_notices() -> None:
    """Send what is due: what failed before, what a worker that died had in its hands, and what nobody was told of."""
    sending.send_due()
