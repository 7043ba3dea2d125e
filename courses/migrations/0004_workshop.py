"""Places in an outline become unique; titles can be archived; covers know their smaller pictures; preview links; shared bytes."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import courses.models.files
import courses.models.previews

STATES = [
    ("draft", "draft"),
    ("scheduled", "scheduled"),
    ("published", "published"),
    ("withdrawn", "withdrawn"),
    ("archived", "archived"),
]


def number(apps, schema_editor):
    """Give every section and lesson a place of its own, in the order in which they are shown now."""
    for name, holder in (("Section", "course_id"), ("Lesson", "section_id")):
        model = apps.get_model("courses", name)
        places = {}
        for row in model.objects.order_by("position", "pk").only("pk", "position", holder):
            parent = getattr(row, holder)
            places[parent] = places.get(parent, 0) + 1
            if row.position != places[parent]:
                model.objects.filter(pk=row.pk).update(position=places[parent])


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0003_uploads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField("publication", "state", models.CharField(choices=STATES, default="draft", max_length=10, verbose_name="state")),
        migrations.AddField("publication", "cover_sizes", models.JSONField(blank=True, default=dict, editable=False)),
        migrations.AlterField("section", "position", models.PositiveIntegerField(editable=False, verbose_name="position")),
        migrations.AlterField("lesson", "position", models.PositiveIntegerField(editable=False, verbose_name="position")),
        migrations.RunPython(number, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint("section", models.UniqueConstraint(fields=("course", "position"), name="section_one_at_each_place")),
        migrations.AddConstraint("lesson", models.UniqueConstraint(fields=("section", "position"), name="lesson_one_at_each_place")),
        migrations.AlterField(
            "fileversion",
            "key",
            models.CharField(db_index=True, default=courses.models.files.new_key, editable=False, max_length=100, verbose_name="object key"),
        ),
        migrations.AddConstraint("fileversion", models.UniqueConstraint(fields=("file", "key"), name="fileversion_bytes_once_per_file")),
        migrations.CreateModel(
            name="PreviewLink",
            fields=[
                (
                    "publication",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="preview_link", serialize=False, to="courses.publication", verbose_name="title"),
                ),
                ("secret", models.CharField(default=courses.models.previews.new_secret, editable=False, max_length=32)),
                ("with_files", models.BooleanField(default=False, help_text="Whoever has the link may also play and download every file.", verbose_name="with files")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="made")),
                (
                    "created_by",
                    models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={"verbose_name": "preview link", "verbose_name_plural": "preview links"},
        ),
    ]
