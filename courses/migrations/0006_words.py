"""What search looks through, folded; on PostgreSQL indexed by trigrams where the extension is to be had."""

from django.db import DatabaseError, migrations, models, transaction

from courses.words import fold

FOUND_BY = ("title", "subtitle", "author", "summary")
INDEXES = {"publication_words": "courses_publication", "lesson_words": "courses_lesson"}
BATCH = 1000


def fill(apps, schema_editor):
    publication, lesson = apps.get_model("courses", "Publication"), apps.get_model("courses", "Lesson")
    changed = []
    for row in publication.objects.only("pk", *FOUND_BY).iterator(BATCH):
        title, *rest = (fold(getattr(row, name)) for name in FOUND_BY)
        row.words = "\n".join([title, " ".join(filter(None, rest))])
        changed.append(row)
    publication.objects.bulk_update(changed, ["words"], BATCH)
    changed = []
    for row in lesson.objects.only("pk", "title").iterator(BATCH):
        row.words = fold(row.title)[:600]
        changed.append(row)
    lesson.objects.bulk_update(changed, ["words"], BATCH)


def index(apps, schema_editor):
    """Index by trigrams where pg_trgm is, or may be made; elsewhere search reads the rows, which is quick enough for thousands."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return  # Not on this server, or not for this role to make.
    with connection.cursor() as cursor:
        for name, table in INDEXES.items():
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin (words gin_trgm_ops)")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            for name in INDEXES:
                cursor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("courses", "0005_chapters")]

    operations = [
        migrations.AddField("publication", "words", models.TextField(blank=True, db_default="", default="", editable=False)),
        migrations.AddField("lesson", "words", models.CharField(blank=True, db_default="", default="", editable=False, max_length=600)),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex("lesson", models.Index(fields=["course", "position", "words"], name="lesson_search")),
        migrations.RunPython(index, drop),
    ]
