"""The database itself refuses to change a decision, or what was shown when it was taken."""

from typing import ClassVar

from django.db import migrations

CREATE = """
CREATE FUNCTION workloads_decision_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a decision is immutable';
END $$;
CREATE TRIGGER workloads_approval_immutable BEFORE UPDATE OR DELETE ON workloads_approval
    FOR EACH ROW EXECUTE FUNCTION workloads_decision_immutable();
CREATE FUNCTION workloads_preview_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the preview of a change is immutable';
END $$;
CREATE TRIGGER workloads_preview_immutable BEFORE UPDATE OF preview, preview_sha256, environment_id ON workloads_change
    FOR EACH ROW WHEN (
        OLD.preview IS DISTINCT FROM NEW.preview
        OR OLD.preview_sha256 IS DISTINCT FROM NEW.preview_sha256
        OR OLD.environment_id IS DISTINCT FROM NEW.environment_id
    ) EXECUTE FUNCTION workloads_preview_immutable();
"""
DROP = """
DROP TRIGGER workloads_approval_immutable ON workloads_approval;
DROP FUNCTION workloads_decision_immutable();
DROP TRIGGER workloads_preview_immutable ON workloads_change;
DROP FUNCTION workloads_preview_immutable();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("workloads", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(CREATE, DROP)]
