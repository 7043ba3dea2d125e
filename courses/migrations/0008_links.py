"""What a link leaves behind: from where, under which key, by whose signature; fetches; re-keying; budgets; signs of sharing."""

import courses.models.links
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0002_farewell"),
        ('courses', "0007_download_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Allowance',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='allowance', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('until', models.DateTimeField(verbose_name='until')),
                ('given_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='given')),
            ],
        ),
        migrations.CreateModel(
            name='Fetch',
            fields=[
                ('request_id', models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name='request')),
                ('unknown', models.CharField(blank=True, max_length=64, verbose_name='unknown trace')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('status', models.PositiveSmallIntegerField(verbose_name='status')),
                ('code', models.CharField(blank=True, max_length=60, verbose_name='error')),
                ('sent', models.PositiveBigIntegerField(default=0, verbose_name='bytes sent')),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='bytes of the whole')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='from')),
                ('network', models.CharField(blank=True, max_length=50, verbose_name='network')),
                ('agent', models.CharField(blank=True, max_length=60, verbose_name='browser')),
            ],
            options={
                'verbose_name': 'fetch',
                'verbose_name_plural': 'fetches',
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='LimitReached',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='limit_reached', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('limit', models.CharField(max_length=40, verbose_name='which')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('times', models.PositiveIntegerField(default=1, verbose_name='times')),
            ],
            options={
                'verbose_name': 'limit reached',
                'verbose_name_plural': 'limits reached',
            },
        ),
        migrations.CreateModel(
            name='Rekeying',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old_key', models.CharField(max_length=100, verbose_name='old key')),
                ('new_key', models.CharField(max_length=100, unique=True, verbose_name='new key')),
                ('size', models.PositiveBigIntegerField(verbose_name='size')),
                ('content_type', models.CharField(max_length=100)),
                ('upload_id', models.CharField(blank=True, max_length=1024)),
                ('state', models.CharField(choices=[('copying', 'being copied'), ('switched', 'serves from its new place'), ('done', 'done'), ('failed', 'failed')], default='copying', max_length=10, verbose_name='state')),
                ('problem', models.CharField(blank=True, max_length=255, verbose_name='problem')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked')),
                ('switched_at', models.DateTimeField(blank=True, null=True, verbose_name='switched')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done')),
            ],
            options={
                'verbose_name': 're-keying',
                'verbose_name_plural': 're-keyings',
                'ordering': ['-asked_at'],
            },
        ),
        migrations.CreateModel(
            name='SharingSign',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='sharing_sign', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('networks', models.PositiveIntegerField(verbose_name='networks in a day')),
                ('agents', models.PositiveIntegerField(verbose_name='browsers in a day')),
                ('sessions', models.PositiveIntegerField(verbose_name='sessions in a day')),
                ('addresses', models.PositiveIntegerField(verbose_name='addresses on one link')),
                ('seen_at', models.DateTimeField(verbose_name='seen')),
                ('asked_at', models.DateTimeField(blank=True, null=True, verbose_name='asked to sign in again')),
            ],
            options={
                'verbose_name': 'sign of sharing',
                'verbose_name_plural': 'signs of sharing',
                'ordering': ['-seen_at'],
            },
        ),
        migrations.AddField(
            model_name='download',
            name='address',
            field=models.CharField(blank=True, db_default='', default='', max_length=45, verbose_name='from'),
        ),
        migrations.AddField(
            model_name='download',
            name='agent',
            field=models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='browser'),
        ),
        migrations.AddField(
            model_name='download',
            name='key',
            field=models.CharField(blank=True, db_default='', default='', max_length=100, verbose_name='object key'),
        ),
        migrations.AddField(
            model_name='download',
            name='network',
            field=models.CharField(blank=True, db_default='', default='', max_length=50, verbose_name='network'),
        ),
        migrations.AddField(
            model_name='download',
            name='signer',
            field=models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='signed by key'),
        ),
        migrations.AlterField(
            model_name='download',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=courses.models.links.forget_person, related_name='downloads', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
        migrations.AddIndex(
            model_name='download',
            index=models.Index(fields=['expires_at'], name='download_live'),
        ),
        migrations.AddConstraint(
            model_name='download',
            constraint=models.CheckConstraint(condition=models.Q(('user__isnull', False), models.Q(('address', ''), ('agent', ''), ('network', '')), _connector='OR'), name='download_of_nobody_from_nowhere'),
        ),
        migrations.AddField(
            model_name='fetch',
            name='download',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='fetches', to='courses.download', verbose_name='link'),
        ),
        migrations.AddField(
            model_name='fetch',
            name='user',
            field=models.ForeignKey(null=True, on_delete=courses.models.links.forget_person, related_name='fetches', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
        migrations.AddIndex(
            model_name='rekeying',
            index=models.Index(fields=['old_key'], name='rekeying_old'),
        ),
        migrations.AddConstraint(
            model_name='rekeying',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['copying', 'switched'])), fields=('old_key',), name='rekeying_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='fetch',
            index=models.Index(fields=['at'], name='fetch_time'),
        ),
        migrations.AddIndex(
            model_name='fetch',
            index=models.Index(fields=['user', 'at'], name='fetch_user_time'),
        ),
    ]
