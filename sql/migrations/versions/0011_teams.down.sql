-- Revision 0011 down: refused while there is a key or another owner, who would lose everything.

DO $$
BEGIN
    IF EXISTS (SELECT FROM api_keys) OR EXISTS (SELECT FROM owners WHERE name <> 'local') THEN
        RAISE EXCEPTION 'There are API keys or owners: export and delete them first.';
    END IF;
END;
$$;

DROP TABLE sessions, api_keys, owners;

-- All rows are of one owner.
ALTER TABLE status_counters DROP CONSTRAINT status_counters_pkey;
ALTER TABLE status_counters DROP COLUMN owner;
ALTER TABLE status_counters ADD PRIMARY KEY (table_name, status, slot);

ALTER TABLE queue_minutes DROP CONSTRAINT queue_minutes_pkey;
ALTER TABLE queue_minutes DROP COLUMN owner;
ALTER TABLE queue_minutes ADD PRIMARY KEY (minute, slot);
