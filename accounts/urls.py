"""Pages of `/account/` that are ours; everything else under it is allauth's, which is asked after us."""

from django.urls import path

from accounts.views import account, claim, doors, money, news, sessions

app_name = "accounts"
urlpatterns = [
    path("", account.home, name="home"),
    path("invoices/", money.invoices, name="invoices"),
    path("invoices/<slug:invoice_id>/", money.invoice, name="invoice"),
    path("claim/", claim.claim, name="claim"),
    path("claim/again/", claim.claim_again, name="claim_again"),
    path("claim/<str:code>/", claim.claim_code, name="claim_code"),
    path("downloads/", account.downloads, name="downloads"),
    path("news/", news.choose, name="news"),
    path("news/stop/<str:token>/", news.stop, name="stop_news"),
    path("sessions/", sessions.Sessions.as_view(), name="sessions"),
    path("sessions/<int:pk>/end/", sessions.end, name="end_session"),
    path("export/", account.export, name="export"),
    path("delete/", account.delete, name="delete"),
    path("second-factor/", doors.second_factor, name="second_factor"),
    path("confirmed/", doors.confirmed, name="confirmed"),
    path("confirm-email/<str:key>/", doors.ConfirmEmail.as_view(), name="confirm_email"),
]
