"""The words of run events, for the search in logs.

Every run of letters and digits is a word: `orders/models.py` is found by `orders`; colours of a terminal are none. Only the
first 2,000 characters of a line are searched. The index belongs to the partitioned table, so that each day's partition gets its
own when it is attached. Writers wait while the first one is built.
"""

from string import punctuation
from typing import ClassVar

from django.db import migrations

WORDS = rf"""
CREATE FUNCTION agents_event_words(content text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('simple', translate(
        CASE WHEN strpos(content, chr(27)) > 0 THEN regexp_replace(left(content, 2000), '\x1b\[[0-9;]*m', ' ', 'g')
        ELSE left(content, 2000) END,
        '{punctuation.replace("'", "''")}', repeat(' ', {len(punctuation)})
    ))
$$;
CREATE INDEX run_event_by_words ON agents_runevent USING gin (agents_event_words(text));
"""
NO_WORDS = "DROP INDEX run_event_by_words; DROP FUNCTION agents_event_words(text);"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("agents", "0004_one_running_an_environment")]
    operations: ClassVar = [migrations.RunSQL(WORDS, NO_WORDS)]
