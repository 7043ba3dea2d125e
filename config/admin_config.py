"""The Django admin, entered through the same door as the rest of the site."""

from django.contrib.admin.apps import AdminConfig


class LecternAdminConfig(AdminConfig):
    default_site = "config.admin_site.LecternAdminSite"
