"""allauth's mails go out like all our mail: by a machine, with answers to people."""

from django.core import mail
from django.test import Client

from accounts.models import User


def test_mail_of_the_account_takes_answers_and_none_from_machines(newcomer: User, client: Client) -> None:
    client.post("/account/password/reset/", {"email": newcomer.email})
    (message,) = mail.outbox
    assert message.extra_headers["Reply-To"] == "help@testserver"
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert "help@testserver" in message.alternatives[0].content
