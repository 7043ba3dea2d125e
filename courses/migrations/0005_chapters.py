"""Lessons have chapters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("courses", "0004_workshop")]

    operations = [
        migrations.AddField(
            "lesson",
            "chapters",
            models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="One a line: the moment and the title, such as “1:30 The second bulge”. A WebVTT file may be pasted as it is.",
                verbose_name="chapters",
            ),
        ),
    ]
