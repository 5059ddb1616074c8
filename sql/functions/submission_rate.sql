-- submission_rate(lowered_to, refused_at, floor, ceiling, at) -> double precision
-- The rate of paid POSTs, per second, that is in force at a moment: what it was lowered to (null: never), a quarter more
-- for each whole minute without a 429, never below floor and never above ceiling. Nobody has to raise it: it follows
-- from the time.
CREATE OR REPLACE FUNCTION submission_rate(
    p_lowered_to double precision,
    p_refused_at timestamptz,
    p_floor double precision,
    p_ceiling double precision,
    p_at timestamptz
)
    RETURNS double precision
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT least(p_ceiling, greatest(p_floor, coalesce(
        p_lowered_to * power(1.25::double precision, -- 100 quiet minutes are more than any rate needs
            least(greatest(floor(extract(epoch FROM p_at - p_refused_at) / 60), 0), 100)::double precision),
        p_ceiling)));
$$;
