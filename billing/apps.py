from django.apps import AppConfig

from billing import checks  # noqa: F401 - registers the checks with Django


class BillingConfig(AppConfig):
    name = "billing"
