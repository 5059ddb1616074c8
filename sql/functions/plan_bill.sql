-- plan_bill() -> trigger
-- Plans when WaveSpeed is asked what it billed for a prediction that a submission has just got, whichever path gave it
-- that prediction. What was billed for one that it had before says nothing of this one, and is forgotten; until the new
-- bill it counts with the price of its permission.
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
