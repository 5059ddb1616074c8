-- take_readings(limit, per_second, lease) -> (job_id, prediction_id, accepted_at, looks, leased_until, prompted, waits,
--                                             model, kind)
-- Claims readings that are due for one worker, the prompted ones first, then those due longest: until leased_until
-- nobody else gets them, unless something prompts them again. Planned ones keep to a rate of all workers together, with
-- bursts of a second at most. A reading whose job no longer waits for its prediction counts for nothing: it is not read,
-- its workflow is only told. Writes nothing while nothing is due.
CREATE OR REPLACE FUNCTION take_readings(
    p_limit integer, p_per_second double precision, p_lease double precision
)
    RETURNS TABLE (job_id uuid, prediction_id text, accepted_at timestamptz, looks integer, leased_until timestamptz,
                   prompted boolean, waits boolean, model text, kind text)
    LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_from timestamptz;
    v_planned integer := 0;
    v_prompted_ids uuid[];
    v_planned_ids uuid[];
    v_read integer := 0;
BEGIN
    IF (SELECT min(due_at) FROM readings) <= v_now IS NOT TRUE THEN
        RETURN;
    END IF;
    SELECT next_at INTO v_from FROM reading_rate FOR UPDATE;
    v_now := clock_timestamp();
    -- A moment later than any burst explains was written by a clock that was ahead, or for a lower rate.
    v_from := CASE WHEN v_from > v_now + interval '1 second' / p_per_second THEN v_now
                   ELSE greatest(v_from, v_now - interval '1 second') END;
    IF v_from <= v_now THEN
        v_planned := floor(extract(epoch FROM v_now - v_from) * p_per_second) + 1;
    END IF;
    -- The ids first: joined with the rows in one statement, Postgres would read all that are open for each claim.
    v_prompted_ids := ARRAY(
        SELECT r.job_id FROM readings AS r
        WHERE r.prompted AND r.due_at <= v_now
        ORDER BY r.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    v_planned_ids := ARRAY(
        SELECT r.job_id FROM readings AS r
        WHERE NOT r.prompted AND r.due_at <= v_now
        ORDER BY r.due_at LIMIT least(v_planned, p_limit - cardinality(v_prompted_ids)) FOR UPDATE SKIP LOCKED);
    FOR job_id, prediction_id, accepted_at, looks, leased_until, prompted, waits, model, kind IN
        UPDATE readings AS r
        SET due_at = v_now + p_lease * interval '1 second', prompted = false, looks = r.looks + 1
        FROM jobs AS j
        WHERE r.job_id = ANY (v_prompted_ids || v_planned_ids) AND j.id = r.job_id
        RETURNING r.job_id, r.prediction_id, r.accepted_at, r.looks, r.due_at, r.job_id = ANY (v_prompted_ids),
                  j.status = 'generating' AND j.prediction_id = r.prediction_id, j.model, j.kind
    LOOP
        v_read := v_read + (waits AND NOT prompted)::integer;
        RETURN NEXT;
    END LOOP;
    IF v_read > 0 THEN
        UPDATE reading_rate SET next_at = v_from + v_read * interval '1 second' / p_per_second;
    END IF;
END;
$$;
