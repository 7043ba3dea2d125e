from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from billing import checks  # noqa: F401 - registers the checks with Django


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Money")
