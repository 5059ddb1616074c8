-- Revision 0016: the key that a job was created with, by which spending is kept too; Grok's costs in the account; and
-- which warning of a budget was given last. The new columns of the two big tables are null in the rows that there are, so
-- none of them is rewritten. The functions are the first versions of those in functions/.

ALTER TABLE jobs ADD COLUMN key_id text;

ALTER TABLE prompt_generation_jobs ADD COLUMN key_id text;

ALTER TABLE spending
    ADD COLUMN provider text NOT NULL DEFAULT 'wavespeed' CHECK (provider IN ('wavespeed', 'grok')),
    ADD COLUMN key_id text NOT NULL DEFAULT '',
    DROP CONSTRAINT spending_pkey,
    ADD PRIMARY KEY (owner, day, provider, model, key_id);

ALTER TABLE budgets
    ADD COLUMN warned_percent smallint,
    ADD COLUMN warned_limit_usd numeric(12, 6),
    ADD COLUMN warned_since date;

CREATE OR REPLACE FUNCTION add_spending(
    p_owner text, p_day date, p_provider text, p_model text, p_key_id text, p_reserved_usd numeric, p_spent_usd numeric
)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_key_id text := coalesce(p_key_id, ''); -- a primary key holds no nulls
BEGIN
    UPDATE spending AS s
    SET reserved_usd = greatest(s.reserved_usd + p_reserved_usd, 0), spent_usd = greatest(s.spent_usd + p_spent_usd, 0)
    WHERE s.owner = p_owner AND s.day = p_day AND s.provider = p_provider AND s.model = p_model
      AND s.key_id = v_key_id;
    IF NOT FOUND THEN
        INSERT INTO spending AS s (owner, day, provider, model, key_id, reserved_usd, spent_usd)
        VALUES (p_owner, p_day, p_provider, p_model, v_key_id, greatest(p_reserved_usd, 0), greatest(p_spent_usd, 0))
        ON CONFLICT (owner, day, provider, model, key_id) DO UPDATE
            SET reserved_usd = s.reserved_usd + excluded.reserved_usd, spent_usd = s.spent_usd + excluded.spent_usd;
    END IF;
END;
$$;

CREATE OR REPLACE FUNCTION count_spending()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    v_owner text;
    v_model text;
    v_key_id text;
    v_change record;
BEGIN
    SELECT j.owner, j.model, j.key_id INTO v_owner, v_model, v_key_id FROM jobs AS j WHERE j.id = NEW.job_id;
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
        PERFORM add_spending(v_owner, v_change.day, 'wavespeed', v_model, v_key_id,
                             v_change.reserved_usd, v_change.spent_usd);
    END LOOP;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE FUNCTION count_prompt_spending()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    v_restored timestamptz := CASE TG_OP WHEN 'INSERT' THEN NEW.created_at END;
BEGIN
    PERFORM add_spending(NEW.owner, (coalesce(v_restored, now()) AT TIME ZONE 'UTC')::date, 'grok',
                         coalesce(NEW.grok_model, 'grok'), NEW.key_id, 0,
                         coalesce(NEW.cost_usd, 0) - CASE TG_OP WHEN 'UPDATE' THEN coalesce(OLD.cost_usd, 0) ELSE 0 END);
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER prompt_generation_jobs_spending AFTER UPDATE ON prompt_generation_jobs
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.cost_usd IS DISTINCT FROM NEW.cost_usd)
    EXECUTE FUNCTION count_prompt_spending();

CREATE CONSTRAINT TRIGGER prompt_generation_jobs_spending_insert AFTER INSERT ON prompt_generation_jobs
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.cost_usd IS NOT NULL) EXECUTE FUNCTION count_prompt_spending();
