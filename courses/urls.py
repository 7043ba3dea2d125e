"""Addresses of what is published. Pages only ever hold `/files/<uuid>/`; a signed URL stands in no page."""

from django.urls import path

from courses.views import downloads

app_name = "courses"
urlpatterns = [
    path("files/<uuid:file_id>/", downloads.download, name="download"),
    path("files/<uuid:file_id>/play/", downloads.play, name="play"),
]
