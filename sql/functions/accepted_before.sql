-- accepted_before(owner, key, request_hash) -> boolean
-- Whether a request was accepted with this key before, so that its repetition stores nothing, asks nobody and costs
-- nothing again. Of what was erased since, the key is known by its digest and the request not any more (erased_key).
CREATE OR REPLACE FUNCTION accepted_before(p_owner text, p_key text, p_request_hash text)
    RETURNS boolean
    LANGUAGE sql
    STABLE
AS $$
    SELECT EXISTS (SELECT FROM idempotency_keys AS k
                   WHERE k.owner = p_owner AND k.key IN (p_key, erased_key(p_key))
                     AND k.request_hash IN (p_request_hash, '')
                     AND k.created_at > now() - idempotency_key_lifetime());
$$;
