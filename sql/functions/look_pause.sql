-- look_pause(looks) -> interval
-- How long the reconciler waits before it checks a submission or prediction of an ended job again, after this many
-- checks: 1, 2, 4, … minutes, at most an hour.
CREATE OR REPLACE FUNCTION look_pause(p_looks integer)
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT least(power(2, least(p_looks, 10) - 1), 60) * interval '1 minute';
$$;
