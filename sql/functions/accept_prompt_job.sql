-- accept_prompt_job(request, key, request_hash) -> (prompt_job, replayed)
-- Stores a stand-alone prompt job; see insert_prompt_job for the request. Repeated with the same key and hash, it
-- stores nothing and returns the prompt job created the first time, as it is now.
-- Raises PM409 if the key was used with a different request; lock_not_available if the key is held for more than 2 s.
CREATE OR REPLACE FUNCTION accept_prompt_job(p_request jsonb, p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL)
    RETURNS TABLE (prompt_job prompt_generation_jobs, replayed boolean)
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    v_first idempotency_keys;
BEGIN
    IF p_key IS NOT NULL THEN
        SELECT * INTO v_first
        FROM claim_idempotency_key(
            p_request ->> 'owner', p_key, p_request_hash, p_prompt_job_id => (p_request ->> 'id')::uuid);
        IF FOUND THEN
            RETURN QUERY SELECT p, true FROM prompt_generation_jobs AS p WHERE p.id = v_first.prompt_job_id;
            RETURN;
        END IF;
    END IF;
    RETURN QUERY SELECT insert_prompt_job(p_request), false;
END;
$$;
