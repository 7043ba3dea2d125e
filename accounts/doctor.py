"""Whether somebody owns this site, and can prove it."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef

from accounts.models import User
from config.checkup import Check, Finding, good, weak, wrong


def site_has_an_owner() -> Finding:
    owners = User.objects.filter(is_superuser=True, is_active=True)
    if not owners:
        return wrong("nobody can enter the admin", "python manage.py createsuperuser")
    factor = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    bare = owners.filter(~Exists(factor)).count()
    if settings.STAFF_MFA != "required":
        return weak("staff need no second factor", "STAFF_MFA=required")
    if bare:
        return weak(
            f"{bare} of {owners.count()} owners have no second factor yet",
            f"Sign in at {settings.SITE_URL}/admin/ and add one.",
        )
    return good("the owner has a second factor")


CHECKS = (Check("owner", site_has_an_owner, needs=("database.tables",)),)
