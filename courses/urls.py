"""Addresses of what is published. Pages only ever hold `/files/<uuid>/`; a signed URL stands in no page."""

from django.urls import path

from courses.views import (
    catalogue,
    design,
    downloads,
    library,
    parcels,
    previews,
    reading,
    resume,
    robots,
    search,
    titles,
)

app_name = "courses"
urlpatterns = [
    path("", catalogue.home, name="home"),
    path("courses/", catalogue.courses, name="courses"),
    path("courses/<slug:slug>/", titles.course, name="course"),
    path("courses/<slug:slug>/<slug:lesson>/", titles.lesson, name="lesson"),
    path("ebooks/", catalogue.ebooks, name="ebooks"),
    path("ebooks/<slug:slug>/", titles.ebook, name="ebook"),
    path("topics/<slug:slug>/", catalogue.topic, name="topic"),
    path("search/", search.search, name="search"),
    path("library/", library.library, name="library"),
    path("progress/<int:lesson_id>/", resume.progress, name="progress"),
    path("files/<uuid:file_id>/", downloads.download, name="download"),
    path("files/<uuid:file_id>/<int:version_id>/", downloads.pinned, name="pinned"),
    path("files/<uuid:file_id>/play/", downloads.play, name="play"),
    path("files/<uuid:file_id>/read/", reading.reader, name="reader"),
    path("files/<uuid:file_id>/open/", reading.opened, name="opened"),
    path("downloads/lists/<int:pk>/end/", parcels.end_list, name="end_list"),
    path("downloads/<str:kind>/<slug:slug>/", parcels.parcel, name="parcel"),
    path("downloads/<str:kind>/<slug:slug>/SHA256SUMS", parcels.sums, name="sums"),
    path("downloads/<str:kind>/<slug:slug>/list/", parcels.make_list, name="make_list"),
    path("lists/<str:key>/SHA256SUMS", parcels.listed_sums, name="listed_sums"),
    path("lists/<str:key>/<uuid:file_id>/<int:version_id>/", parcels.listed, name="listed"),
    path("lists/<path:rest>", parcels.no_list),
    path("preview/<str:token>/", previews.preview, name="preview"),
    path("preview/<str:token>/<path:rest>", previews.preview, name="preview_page"),
    path("design/", design.design, name="design"),
    path("robots.txt", robots.robots, name="robots"),
    path("sitemap.xml", robots.sitemap, name="sitemap"),
]
