"""The one door for mail: a text and an HTML template, rendered and sent. It knows no app."""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def send(to: str, template: str, *, subject: str, context: dict[str, object]) -> None:
    """Send `templates/emails/<template>.txt` and `.html` to one address.

    Raises smtplib.SMTPException or OSError when the mail server does.
    """
    text = render_to_string(f"emails/{template}.txt", context)
    message = EmailMultiAlternatives(subject=" ".join(subject.split()), body=text, to=[to])
    message.attach_alternative(render_to_string(f"emails/{template}.html", context), "text/html")
    message.send()
