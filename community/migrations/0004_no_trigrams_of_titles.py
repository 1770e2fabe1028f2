"""Search looks for parts of words in its vocabulary, and compares titles only once it has found them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("community", "0003_top_of_tags")]

    operations = [migrations.RemoveIndex("post", "post_title_trigrams")]
