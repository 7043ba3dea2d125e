"""What the daily look at the invariants found."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_news'),
    ]

    operations = [
        migrations.CreateModel(
            name='Inspection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seconds', models.FloatField(default=0)),
                ('broken', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['-at', '-pk'],
            },
        ),
    ]
