from django.db import migrations

from apps.common.laws import only_columns_change


class Migration(migrations.Migration):
    dependencies = [("parameters", "0001_initial"), ("common", "0002_laws")]

    operations = [only_columns_change("parameters_changedparameter", "value", "version", "changed_at")]
