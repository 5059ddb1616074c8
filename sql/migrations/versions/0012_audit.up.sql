-- Revision 0012: the audit log, and who set a switch.

ALTER TABLE switches ADD COLUMN changed_by text;

CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL,
    owner      text,
    action     text NOT NULL,
    target     text,
    before     jsonb,
    after      jsonb,
    request_id text,
    address    text
);

CREATE INDEX audit_log_at_idx ON audit_log (at, id);

CREATE INDEX audit_log_owner_idx ON audit_log (owner, at, id);

-- Whoever guesses keys leaves one entry per address and minute, however often and at however many processes. So does each
-- person whom a proxy has signed in: all of them may have its address.
CREATE UNIQUE INDEX audit_log_refused_idx ON audit_log (actor, address, date_trunc('minute', at AT TIME ZONE 'UTC'))
    NULLS NOT DISTINCT WHERE action = 'session.refuse';

CREATE OR REPLACE FUNCTION refuse_audit_change()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('promptmill.audit_retention', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: no % is allowed.', TG_OP;
END;
$$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
