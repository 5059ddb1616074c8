-- templates_fit(owner)
-- Raises PM409 (too_many) if an owner has more than 1,000 templates, or if they take more than 4,000,000 bytes: all of them
-- are exported as one document, and an import takes one of 4 MiB. A document has no more bytes than are counted here: a
-- body's spaces are left out of it, and what stands around a template in it is shorter than what is added.
CREATE OR REPLACE FUNCTION templates_fit(p_owner text)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_templates bigint;
    v_bytes     bigint;
BEGIN
    SELECT count(*), sum(octet_length(body::text) + octet_length(to_jsonb(name)::text) + 30) INTO v_templates, v_bytes
    FROM templates WHERE owner = p_owner;
    IF v_templates > 1000 THEN
        RAISE EXCEPTION 'An owner has at most 1,000 templates.' USING ERRCODE = 'PM409', HINT = 'too_many';
    ELSIF v_bytes > 4000000 THEN
        RAISE EXCEPTION 'All templates of an owner take at most 4 MB.' USING ERRCODE = 'PM409', HINT = 'too_many';
    END IF;
END;
$$;
