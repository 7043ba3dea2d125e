"""Pages of `/account/` that are ours; everything else under it is allauth's, which is asked after us."""

from django.urls import path

from accounts.views import account, doors

app_name = "accounts"
urlpatterns = [
    path("", account.home, name="home"),
    path("export/", account.export, name="export"),
    path("delete/", account.delete, name="delete"),
    path("second-factor/", doors.second_factor, name="second_factor"),
    path("confirmed/", doors.confirmed, name="confirmed"),
    path("confirm-email/<str:key>/", doors.ConfirmEmail.as_view(), name="confirm_email"),
]
