"""The database refuses more: emptying the audit, entries that do not go on from the last one, and switching triggers off for a session.

Also the words of an entry, for the free search.
"""

from typing import ClassVar

from django.db import migrations

GUARDS = """
CREATE FUNCTION core_auditentry_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last core_auditentry%ROWTYPE;
BEGIN
    SELECT * INTO last FROM core_auditentry ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 OR NEW.previous_hash <> coalesce(last.hash, repeat('0', 64)) THEN
        RAISE EXCEPTION 'an audit entry goes on from the last one';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_auditentry_goes_on BEFORE INSERT ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION core_auditentry_goes_on();
CREATE TRIGGER core_auditentry_not_emptied BEFORE TRUNCATE ON core_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION core_auditentry_append_only();
ALTER TABLE core_auditentry ENABLE ALWAYS TRIGGER core_auditentry_append_only;
ALTER TABLE core_auditentry ENABLE ALWAYS TRIGGER core_auditentry_not_emptied;
"""
NO_GUARDS = """
ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_append_only;
DROP TRIGGER core_auditentry_not_emptied ON core_auditentry;
DROP TRIGGER core_auditentry_goes_on ON core_auditentry;
DROP FUNCTION core_auditentry_goes_on();
"""
# Every run of letters and digits is a word: `storefront/production` is found by either.
WORDS = """
CREATE FUNCTION core_audit_words(content text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('simple', regexp_replace(content, '[^[:alnum:]]+', ' ', 'g'))
$$;
CREATE INDEX audit_by_words ON core_auditentry USING gin (core_audit_words(
    actor_label || ' ' || action || ' ' || target_label || ' ' || reason
    || ' ' || coalesce(before::text, '') || ' ' || coalesce(after::text, '')
));
"""
NO_WORDS = "DROP INDEX audit_by_words; DROP FUNCTION core_audit_words(text);"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core", "0004_audit_search_and_proof")]
    operations: ClassVar = [migrations.RunSQL(GUARDS, NO_GUARDS), migrations.RunSQL(WORDS, NO_WORDS)]
