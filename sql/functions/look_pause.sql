-- look_pause(looks) -> interval
-- How long the reconciler waits before it looks again for a submission or a prediction of a job that has ended, after
-- that many looks: 1, 2, 4, … minutes, an hour at most.
CREATE OR REPLACE FUNCTION look_pause(p_looks integer)
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT least(power(2, least(p_looks, 10) - 1), 60) * interval '1 minute';
$$;
