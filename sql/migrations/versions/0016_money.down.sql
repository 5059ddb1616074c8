-- Revision 0016 down: spending by owner, day and model again, and by the submissions alone. What Grok has cost stays in
-- the account; which key spent what, and which warnings were given, is dropped.

DROP TRIGGER prompt_generation_jobs_spending ON prompt_generation_jobs;

DROP TRIGGER prompt_generation_jobs_spending_insert ON prompt_generation_jobs;

CREATE TEMPORARY TABLE spending_by_model ON COMMIT DROP AS
SELECT owner, day, model, sum(reserved_usd) AS reserved_usd, sum(spent_usd) AS spent_usd
FROM spending GROUP BY owner, day, model;

DELETE FROM spending;

ALTER TABLE spending
    DROP CONSTRAINT spending_pkey,
    DROP COLUMN provider,
    DROP COLUMN key_id,
    ADD PRIMARY KEY (owner, day, model);

INSERT INTO spending (owner, day, model, reserved_usd, spent_usd) SELECT * FROM spending_by_model;

CREATE OR REPLACE FUNCTION count_spending()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    v_owner text;
    v_model text;
    v_change record;
BEGIN
    SELECT j.owner, j.model INTO v_owner, v_model FROM jobs AS j WHERE j.id = NEW.job_id;
    IF NOT FOUND THEN -- deleted by hand in the same transaction
        RETURN NULL;
    END IF;
    FOR v_change IN
        SELECT c.day, sum(c.reserved_usd) AS reserved_usd, sum(c.spent_usd) AS spent_usd
        FROM (SELECT n.day, n.reserved_usd, n.spent_usd FROM spending_of(NEW) AS n
              UNION ALL
              SELECT o.day, -o.reserved_usd, -o.spent_usd FROM spending_of(OLD) AS o WHERE TG_OP = 'UPDATE') AS c
        GROUP BY c.day
        HAVING sum(c.reserved_usd) <> 0 OR sum(c.spent_usd) <> 0
        ORDER BY c.day
    LOOP
        UPDATE spending AS s
        SET reserved_usd = greatest(s.reserved_usd + v_change.reserved_usd, 0),
            spent_usd = greatest(s.spent_usd + v_change.spent_usd, 0)
        WHERE s.owner = v_owner AND s.day = v_change.day AND s.model = v_model;
        IF NOT FOUND THEN
            INSERT INTO spending AS s (owner, day, model, reserved_usd, spent_usd)
            VALUES (v_owner, v_change.day, v_model, greatest(v_change.reserved_usd, 0), greatest(v_change.spent_usd, 0))
            ON CONFLICT (owner, day, model) DO UPDATE
                SET reserved_usd = s.reserved_usd + excluded.reserved_usd, spent_usd = s.spent_usd + excluded.spent_usd;
        END IF;
    END LOOP;
    RETURN NULL;
END;
$$;

ALTER TABLE budgets DROP COLUMN warned_percent, DROP COLUMN warned_limit_usd, DROP COLUMN warned_since;

ALTER TABLE prompt_generation_jobs DROP COLUMN key_id;

ALTER TABLE jobs DROP COLUMN key_id;
