-- claim_lease() -> interval
-- How long a row belongs to whoever claimed it to start its workflow. Then its starter counts as dead, and the row is
-- free to be claimed again.
CREATE OR REPLACE FUNCTION claim_lease()
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT interval '60 seconds';
$$;
