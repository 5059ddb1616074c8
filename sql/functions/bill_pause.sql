-- bill_pause(looks) -> interval
-- How long after a prediction's acceptance, or after this many looks at its bill, WaveSpeed is asked for it: WaveSpeed's
-- books lag, and refunds follow within three hours.
CREATE OR REPLACE FUNCTION bill_pause(p_looks integer)
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT CASE p_looks WHEN 0 THEN interval '1 minute' WHEN 1 THEN interval '10 minutes' WHEN 2 THEN interval '1 hour'
                        ELSE interval '3 hours' END;
$$;
