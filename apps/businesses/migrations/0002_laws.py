from django.db import migrations

from apps.common.laws import append_only, only_columns_change


class Migration(migrations.Migration):
    dependencies = [("businesses", "0001_initial"), ("common", "0002_laws")]

    operations = [
        append_only("businesses_statusstep"),
        only_columns_change("businesses_business", "status", "version", "updated_at"),
    ]
