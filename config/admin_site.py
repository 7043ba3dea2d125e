"""The admin site: its log-in is the site's own, so that rate limits, codes, passkeys and second factors hold there too."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _


class LecternAdminSite(admin.AdminSite):
    site_header = site_title = _("Lectern")
    index_title = _("Workshop")
    login = method_decorator(secure_admin_login)(admin.AdminSite.login)
