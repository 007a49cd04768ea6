from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stores", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="store",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sqlite", "SQLite file"),
                    ("postgres", "PostgreSQL database"),
                    ("json", "JSON folder"),
                ],
                max_length=16,
            ),
        ),
    ]
