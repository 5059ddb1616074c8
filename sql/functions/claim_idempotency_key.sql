-- claim_idempotency_key(owner, key, request_hash, job_id, prompt_job_id) -> idempotency_key
-- Claims a caller's key for a request that is being accepted. Returns no row if the key was free, or older than
-- idempotency_key_lifetime(); otherwise the row stored the first time. Waits while another transaction holds the key
-- (for the caller's lock_timeout). The key of what was erased is known by its digest alone, looked for after the claim:
-- an erasure that was under way has ended by then. Its first request is not known any more, only what it made.
-- Raises PM409 if the first request was a different one.
CREATE OR REPLACE FUNCTION claim_idempotency_key(
    p_owner text, p_key text, p_request_hash text, p_job_id uuid DEFAULT NULL, p_prompt_job_id uuid DEFAULT NULL
)
    RETURNS SETOF idempotency_keys
    LANGUAGE plpgsql
AS $$
DECLARE
    v_key idempotency_keys;
BEGIN
    INSERT INTO idempotency_keys AS k (owner, key, request_hash, job_id, prompt_job_id)
    VALUES (p_owner, p_key, p_request_hash, p_job_id, p_prompt_job_id)
    ON CONFLICT (owner, key) DO UPDATE
        SET request_hash = excluded.request_hash, job_id = excluded.job_id, prompt_job_id = excluded.prompt_job_id,
            created_at = now()
        WHERE k.created_at < now() - idempotency_key_lifetime();
    IF NOT FOUND THEN
        SELECT * INTO STRICT v_key FROM idempotency_keys WHERE owner = p_owner AND key = p_key;
    ELSE
        SELECT * INTO v_key FROM idempotency_keys
        WHERE owner = p_owner AND key = erased_key(p_key) AND created_at >= now() - idempotency_key_lifetime();
        IF NOT FOUND THEN
            -- one that has expired would be in the way when this job is erased
            DELETE FROM idempotency_keys WHERE owner = p_owner AND key = erased_key(p_key);
            RETURN;
        END IF;
        DELETE FROM idempotency_keys WHERE owner = p_owner AND key = p_key;
    END IF;
    IF v_key.request_hash NOT IN ('', p_request_hash)
        OR (v_key.request_hash = '' AND (v_key.job_id IS NULL) <> (p_job_id IS NULL)) THEN
        RAISE EXCEPTION 'the key was used with another request' USING ERRCODE = 'PM409';
    END IF;
    RETURN NEXT v_key;
END;
$$;
