-- erased_key(key) -> text
-- What stands for an Idempotency-Key whose job was erased, until the key expires: a repetition of the request still finds
-- the job, and is not paid again. No caller can send a key that begins like this one.
CREATE OR REPLACE FUNCTION erased_key(p_key text)
    RETURNS text
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT '§' || encode(sha256(convert_to(p_key, 'UTF8')), 'hex');
$$;
