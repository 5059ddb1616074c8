-- return_submission_turn(provider_base, key_fingerprint)
-- Gives back the turn that this transaction has taken, if it took one (take_submission_turn): nothing was permitted, and
-- the next job may have it.
CREATE OR REPLACE FUNCTION return_submission_turn(p_provider_base text, p_key_fingerprint text)
    RETURNS void
    LANGUAGE sql
AS $$
    UPDATE submission_rates SET next_at = least(next_at, clock_timestamp())
    WHERE provider_base = p_provider_base AND key_fingerprint = p_key_fingerprint
      AND xmin = pg_current_xact_id_if_assigned()::xid; -- the row as this transaction, and no other, has written it
$$;
