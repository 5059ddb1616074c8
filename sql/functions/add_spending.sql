-- add_spending(owner, day, provider, model, key_id, reserved_usd, spent_usd) -> void
-- Adds to a row of the account; amounts may be negative. Called by the account's triggers at the commit, so that the row,
-- which an owner's work of one model and key shares, is locked last and only while the commit is written. Where somebody
-- has edited the account it stops at zero: what became of a submission is never refused for it.
CREATE OR REPLACE FUNCTION add_spending(
    p_owner text, p_day date, p_provider text, p_model text, p_key_id text, p_reserved_usd numeric, p_spent_usd numeric
)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_key_id text := coalesce(p_key_id, ''); -- a primary key holds no nulls
BEGIN
    UPDATE spending AS s
    SET reserved_usd = greatest(s.reserved_usd + p_reserved_usd, 0), spent_usd = greatest(s.spent_usd + p_spent_usd, 0)
    WHERE s.owner = p_owner AND s.day = p_day AND s.provider = p_provider AND s.model = p_model
      AND s.key_id = v_key_id;
    IF NOT FOUND THEN
        INSERT INTO spending AS s (owner, day, provider, model, key_id, reserved_usd, spent_usd)
        VALUES (p_owner, p_day, p_provider, p_model, v_key_id, greatest(p_reserved_usd, 0), greatest(p_spent_usd, 0))
        ON CONFLICT (owner, day, provider, model, key_id) DO UPDATE
            SET reserved_usd = s.reserved_usd + excluded.reserved_usd, spent_usd = s.spent_usd + excluded.spent_usd;
    END IF;
END;
$$;
