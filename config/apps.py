from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = _("The site itself")

    def ready(self) -> None:
        """Read every app's tasks, so that the worker and the admin know all of them."""
        autodiscover_modules("tasks")
