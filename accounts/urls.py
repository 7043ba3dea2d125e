"""Pages of `/account/` that are ours; everything else under it is allauth's, which is asked after us."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("second-factor/", views.second_factor, name="second_factor"),
    path("confirmed/", views.confirmed, name="confirmed"),
    path("confirm-email/<str:key>/", views.ConfirmEmail.as_view(), name="confirm_email"),
]
