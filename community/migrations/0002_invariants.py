"""What only PostgreSQL can hold: threads of two levels, answers in their own thread, a log that nobody changes."""

from django.db import migrations

ANSWER = """
    ALTER TABLE community_post ADD CONSTRAINT post_answer_in_own_thread
    FOREIGN KEY (accepted_answer_id, id, answered_at_top) REFERENCES community_comment (id, post_id, is_top)
    DEFERRABLE INITIALLY DEFERRED
"""
REPLY = """
    ALTER TABLE community_comment ADD CONSTRAINT comment_replies_in_own_thread
    FOREIGN KEY (parent_id, post_id, replies_to_top) REFERENCES community_comment (id, post_id, is_top)
    DEFERRABLE INITIALLY DEFERRED
"""
# An erased account is no longer named: that is the only change.
LOG = """
    CREATE FUNCTION community_keep_staff_log() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE'
            AND (NEW.by_id IS NULL OR NEW.by_id IS NOT DISTINCT FROM OLD.by_id)
            AND (NEW.person_id IS NULL OR NEW.person_id IS NOT DISTINCT FROM OLD.person_id)
            AND to_jsonb(NEW) - 'by_id' - 'person_id' = to_jsonb(OLD) - 'by_id' - 'person_id'
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the staff log is append-only' USING ERRCODE = 'restrict_violation';
    END
    $$;
    CREATE TRIGGER staff_log_is_append_only BEFORE UPDATE OR DELETE ON community_staffaction
    FOR EACH ROW EXECUTE FUNCTION community_keep_staff_log();
"""
UNLOG = """
    DROP TRIGGER staff_log_is_append_only ON community_staffaction;
    DROP FUNCTION community_keep_staff_log();
"""
# By which repeated texts are found: blanks, capitals and signs that nobody sees make no other text.
DIGEST = r"""
    CREATE FUNCTION community_digest(body text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT md5(lower(regexp_replace(body, '[\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+', '', 'g')))
    $$;
    CREATE INDEX post_hidden_digest ON community_post (community_digest(body)) WHERE state = 'hidden';
    CREATE INDEX comment_hidden_digest ON community_comment (community_digest(body)) WHERE state = 'hidden';
"""
UNDIGEST = """
    DROP INDEX comment_hidden_digest;
    DROP INDEX post_hidden_digest;
    DROP FUNCTION community_digest(text);
"""
# How search sees a text (community/searching.py has the reasons). Scripts that are written without blanks between
# words, and Korean, are sought by pairs of signs; a sign that no such sign follows stands alone.
WORDS = r"""
    CREATE FUNCTION community_words(words text, weight text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
    DECLARE
        paired CONSTANT text := '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035'
            || '\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff'
            || '\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]';
    BEGIN
        IF words !~ paired THEN
            RETURN setweight(to_tsvector('english', words), weight::"char");
        END IF;
        RETURN setweight(to_tsvector('english', regexp_replace(words, paired || '+', ' ', 'g')), weight::"char") || (
            SELECT string_agg(format('''%s'':%s%s', pair, least(place, 16383), weight), ' ')::tsvector
            FROM (
                SELECT place, sign || CASE WHEN next ~ paired THEN next ELSE '' END AS pair
                FROM (
                    SELECT sign, place, lead(sign, 1, '') OVER (ORDER BY place) AS next
                    FROM string_to_table(words, NULL) WITH ORDINALITY AS signs (sign, place)
                ) AS neighbours
                WHERE sign ~ paired
            ) AS pairs
        );
    END
    $$;
"""
# A comment has no title. Marks begin with what no word begins with: ^ a word of the title, #a the author, #c the
# category, #t a tag, and #d #w #q the day, week and quarter (of 91 days) since 1970 in which it was written.
VECTOR = """
    CREATE FUNCTION community_vector(
        title text, tags text[], body text, author bigint, category bigint, created_at timestamptz
    ) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
    DECLARE
        day CONSTANT bigint := floor(extract(epoch FROM created_at) / 86400);
        marks text[] := ARRAY(SELECT '#t' || tag FROM unnest(tags) AS tag)
            || ARRAY['#a' || author, '#c' || category, '#d' || day, '#w' || day / 7, '#q' || day / 91];
        words tsvector := community_words(body, 'C');
        titled tsvector;
    BEGIN
        IF title IS NOT NULL THEN
            titled := community_words(title, 'A');
            marks := marks || ARRAY(SELECT '^' || lexeme FROM unnest(titled));
            words := titled || setweight(to_tsvector('english', array_to_string(tags, ' ')), 'A') || words;
        END IF;
        RETURN words || array_to_tsvector(array_remove(marks, NULL));
    END
    $$;
"""
UNSEARCH = """
    DROP FUNCTION community_vector(text, text[], text, bigint, bigint, timestamptz);
    DROP FUNCTION community_words(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("community", "0001_initial")]

    operations = [
        migrations.RunSQL(REPLY, "ALTER TABLE community_comment DROP CONSTRAINT comment_replies_in_own_thread"),
        migrations.RunSQL(ANSWER, "ALTER TABLE community_post DROP CONSTRAINT post_answer_in_own_thread"),
        migrations.RunSQL(LOG, UNLOG),
        migrations.RunSQL(DIGEST, UNDIGEST),
        migrations.RunSQL(WORDS + VECTOR, UNSEARCH),
    ]
