"""What the doctor asks of the machine, the mail server, and the site as the public sees it."""

from config.doctor import machine, post, public

CHECKS = (*machine.CHECKS, *post.CHECKS, *public.CHECKS)
