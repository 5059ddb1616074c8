-- Revision 0014: what WaveSpeed has billed, and its list price. No row is rewritten for the new columns. What was accepted
-- before is not asked for: finding it would read all submissions. The two functions are the first versions of those in
-- functions/.

ALTER TABLE jobs ADD COLUMN media_list_price_usd numeric(12, 6);

ALTER TABLE submissions ADD COLUMN charged_usd numeric(12, 6), ADD COLUMN refunded_usd numeric(12, 6) NOT NULL DEFAULT 0;

CREATE TABLE bills (
    prediction_id text PRIMARY KEY,
    due_at        timestamptz NOT NULL,
    since         timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at    timestamptz,
    looks         integer NOT NULL DEFAULT 0
);

CREATE INDEX bills_due_at_idx ON bills (due_at);

CREATE OR REPLACE FUNCTION bill_pause(p_looks integer)
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT CASE p_looks WHEN 0 THEN interval '1 minute' WHEN 1 THEN interval '10 minutes' WHEN 2 THEN interval '1 hour'
                        ELSE interval '3 hours' END;
$$;

CREATE OR REPLACE FUNCTION plan_bill()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.prediction_id IS NOT DISTINCT FROM OLD.prediction_id THEN
            RETURN NEW;
        END IF;
        IF OLD.charged_usd IS NOT NULL AND NEW.media_cost_usd IS NOT DISTINCT FROM OLD.media_cost_usd THEN
            NEW.media_cost_usd := NULL;
        END IF;
        NEW.charged_usd := NULL;
        NEW.refunded_usd := 0;
    END IF;
    IF NEW.prediction_id IS NOT NULL THEN
        INSERT INTO bills (prediction_id, due_at)
        VALUES (NEW.prediction_id, clock_timestamp() + bill_pause(0))
        ON CONFLICT (prediction_id) DO UPDATE
            SET due_at = excluded.due_at, since = excluded.since, changed_at = NULL, looks = 0;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER submissions_bill BEFORE INSERT OR UPDATE OF prediction_id ON submissions
    FOR EACH ROW EXECUTE FUNCTION plan_bill();
