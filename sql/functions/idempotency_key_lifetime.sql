-- idempotency_key_lifetime() -> interval
-- How long a caller's idempotency key refers to the request that it was first used with.
CREATE OR REPLACE FUNCTION idempotency_key_lifetime()
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT interval '24 hours';
$$;
