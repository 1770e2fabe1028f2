"""The best of a week in a tag is found by an index: its rows have the day and the score of their post.

In one piece, since no community has been in use before it: on a large one the fill and the index would be steps of their
own, as writing waits for them.
"""

from django.db import migrations, models
from django.db.models import F

# A score is twice the likes and the comments of a post, so it changes at many doors; none of them has to think of this.
FOLLOW = """
    CREATE FUNCTION community_begin_tag() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT day, score INTO NEW.day, NEW.score FROM community_post WHERE id = NEW.post_id;
        RETURN NEW;
    END
    $$;
    CREATE TRIGGER tag_begins_like_its_post BEFORE INSERT ON community_posttag
    FOR EACH ROW WHEN (NEW.day IS NULL) EXECUTE FUNCTION community_begin_tag();
    CREATE FUNCTION community_follow_post() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE community_posttag SET day = NEW.day, score = NEW.score WHERE post_id = NEW.id;
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER tags_follow_their_post AFTER UPDATE OF likes_count, comments_count, created_at ON community_post
    FOR EACH ROW WHEN ((NEW.day, NEW.score) <> (OLD.day, OLD.score) AND NEW.tags <> '{}')
    EXECUTE FUNCTION community_follow_post();
"""
UNFOLLOW = """
    DROP TRIGGER tags_follow_their_post ON community_post;
    DROP FUNCTION community_follow_post();
    DROP TRIGGER tag_begins_like_its_post ON community_posttag;
    DROP FUNCTION community_begin_tag();
"""
FILL = """
    UPDATE community_posttag AS tagged SET day = post.day, score = post.score
    FROM community_post AS post WHERE post.id = tagged.post_id
"""


class Migration(migrations.Migration):
    dependencies = [("community", "0002_invariants")]

    operations = [
        migrations.AddField("posttag", "day", models.DateField(editable=False, null=True)),
        migrations.AddField("posttag", "score", models.IntegerField(editable=False, null=True)),
        # From here on new rows have both.
        migrations.RunSQL(FOLLOW, UNFOLLOW),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        # What the triggers of foreign keys have yet to check would keep the table from being altered.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField("posttag", "day", models.DateField(editable=False)),
        migrations.AlterField("posttag", "score", models.IntegerField(editable=False)),
        migrations.AddIndex(
            "posttag", models.Index("tag", "day", F("score").desc(), F("post").desc(), name="post_tag_top")
        ),
    ]
