-- claim_lease() -> interval
-- How long a claimed row is reserved for whoever is starting its workflow. After that the starter is presumed dead, and
-- the row can be claimed again.
CREATE OR REPLACE FUNCTION claim_lease()
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT interval '60 seconds';
$$;
