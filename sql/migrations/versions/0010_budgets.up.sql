-- Revision 0010: budgets, what is reserved and spent, and the triggers that count it. The new columns are null in the
-- rows that there are, so none of them is rewritten; the two functions are the first versions of those in functions/.

ALTER TABLE jobs ADD COLUMN max_price_usd numeric(12, 6);

ALTER TABLE submissions ADD COLUMN reserved_usd numeric(12, 6), ADD COLUMN price_source text;

ALTER TABLE submissions ALTER COLUMN reserved_usd SET DEFAULT 0;

CREATE TABLE budgets (
    owner     text NOT NULL,
    period    text NOT NULL CHECK (period IN ('day', 'month', 'total')),
    limit_usd numeric(12, 6) NOT NULL CHECK (limit_usd >= 0),
    PRIMARY KEY (owner, period)
);

CREATE TABLE spending (
    owner        text NOT NULL,
    day          date NOT NULL,
    model        text NOT NULL,
    reserved_usd numeric(14, 6) NOT NULL DEFAULT 0 CHECK (reserved_usd >= 0),
    spent_usd    numeric(14, 6) NOT NULL DEFAULT 0 CHECK (spent_usd >= 0),
    PRIMARY KEY (owner, day, model)
) WITH (fillfactor = 50); -- room to update in place

-- What the whole installation has spent since a day.
CREATE INDEX spending_day_idx ON spending (day);

-- Those that may still be accepted are counted then. What is past is not: adding it up would hold the table for long.
UPDATE submissions SET reserved_usd = 0 WHERE state IN ('intended', 'unknown');

CREATE OR REPLACE FUNCTION spending_of(p_submission submissions)
    RETURNS TABLE (day date, reserved_usd numeric, spent_usd numeric)
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT (p_submission.intended_at AT TIME ZONE 'UTC')::date,
           CASE WHEN p_submission.state IN ('intended', 'unknown') AND p_submission.reserved_usd IS NOT NULL
                THEN p_submission.reserved_usd ELSE 0 END,
           CASE WHEN p_submission.state IN ('accepted', 'superseded') AND p_submission.reserved_usd IS NOT NULL
                THEN coalesce(p_submission.media_cost_usd, p_submission.reserved_usd) ELSE 0 END;
$$;

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

CREATE CONSTRAINT TRIGGER submissions_spending_insert AFTER INSERT ON submissions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_spending();

CREATE CONSTRAINT TRIGGER submissions_spending_update AFTER UPDATE ON submissions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.state, OLD.intended_at, OLD.media_cost_usd, OLD.reserved_usd)
          IS DISTINCT FROM (NEW.state, NEW.intended_at, NEW.media_cost_usd, NEW.reserved_usd))
    EXECUTE FUNCTION count_spending();
