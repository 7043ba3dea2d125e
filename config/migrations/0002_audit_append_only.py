"""The database itself keeps the record: whoever goes around Django's models finds it closed, too.

An UPDATE may empty `actor_id`, `person_id` and `address`, and nothing else, so that an account can be forgotten; when the actor is
forgotten, their address goes with them, whoever deletes the account. A DELETE is refused. PostgreSQL's TRUNCATE stays possible: it
takes the rights of the tables' owner, the site never does it, and tests empty their tables by it.

SQLite drops triggers with their table, and Django remakes a table to alter it: a later migration that alters `config_auditentry` calls
`protect` again at its end.
"""

from django.db import migrations

KEPT = ("id", "at", "act", "actor_label", "person_label", "target_model", "target_pk", "target_label", "reason", "before", "after")

POSTGRESQL = [
    """
    CREATE OR REPLACE FUNCTION config_auditentry_keep() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE'
            AND (NEW.actor_id IS NULL OR NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id)
            AND (NEW.person_id IS NULL OR NEW.person_id IS NOT DISTINCT FROM OLD.person_id)
            AND (NEW.address = '' OR NEW.address = OLD.address)
            AND to_jsonb(NEW) - ARRAY['actor_id', 'person_id', 'address'] = to_jsonb(OLD) - ARRAY['actor_id', 'person_id', 'address']
        THEN
            IF NEW.actor_id IS NULL AND OLD.actor_id IS NOT NULL THEN
                NEW.address := '';
            END IF;
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the record is kept as it was written' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER config_auditentry_keep BEFORE UPDATE OR DELETE ON config_auditentry
    FOR EACH ROW EXECUTE FUNCTION config_auditentry_keep()
    """,
]
SQLITE = [
    f"""
    CREATE TRIGGER IF NOT EXISTS config_auditentry_no_update BEFORE UPDATE ON config_auditentry
    WHEN NOT (
        (NEW.actor_id IS NULL OR NEW.actor_id IS OLD.actor_id)
        AND (NEW.person_id IS NULL OR NEW.person_id IS OLD.person_id)
        AND (NEW.address = '' OR NEW.address IS OLD.address)
        AND {" AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in KEPT)}
    )
    BEGIN SELECT RAISE(ABORT, 'the record is kept as it was written'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS config_auditentry_forget AFTER UPDATE OF actor_id ON config_auditentry
    WHEN NEW.actor_id IS NULL AND OLD.actor_id IS NOT NULL AND NEW.address <> ''
    BEGIN UPDATE config_auditentry SET address = '' WHERE id = NEW.id; END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS config_auditentry_no_delete BEFORE DELETE ON config_auditentry
    BEGIN SELECT RAISE(ABORT, 'the record is kept as it was written'); END
    """,
]
UNDO = {
    "postgresql": ["DROP FUNCTION IF EXISTS config_auditentry_keep() CASCADE"],
    "sqlite": [f"DROP TRIGGER IF EXISTS config_auditentry_{name}" for name in ("no_update", "forget", "no_delete")],
}


def protect(apps, schema_editor):
    for sql in {"postgresql": POSTGRESQL, "sqlite": SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(sql, params=None)


def release(apps, schema_editor):
    for sql in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(sql, params=None)


class Migration(migrations.Migration):
    dependencies = [("config", "0001_initial")]
    operations = [migrations.RunPython(protect, release, elidable=False)]
