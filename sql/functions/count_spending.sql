-- count_spending() -> trigger
-- Keeps `spending` equal to the submissions, whatever changed them, by the key that created the job, and so what a batch
-- has spent, first (add_batch_spending). Deferred to the commit (add_spending says why). Deleted ones stay spent.
CREATE OR REPLACE FUNCTION count_spending()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    v_owner text;
    v_model text;
    v_key_id text;
    v_batch_id uuid;
    v_change record;
BEGIN
    SELECT j.owner, j.model, j.key_id, j.batch_id INTO v_owner, v_model, v_key_id, v_batch_id
    FROM jobs AS j WHERE j.id = NEW.job_id;
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
        PERFORM add_batch_spending(v_batch_id, v_change.reserved_usd, v_change.spent_usd);
        PERFORM add_spending(v_owner, v_change.day, 'wavespeed', v_model, v_key_id,
                             v_change.reserved_usd, v_change.spent_usd);
    END LOOP;
    RETURN NULL;
END;
$$;
