"""How long each version plays, as its structure says; lessons without a length take it from there."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0008_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='fileversion',
            name='seconds',
            field=models.PositiveIntegerField(blank=True, editable=False, null=True, verbose_name='length in seconds'),
        ),
        migrations.AlterField(
            model_name='lesson',
            name='seconds',
            field=models.PositiveIntegerField(default=0, help_text='Leave it at 0, and it is read from the film or recording once that is checked.', verbose_name='length in seconds'),
        ),
    ]
