-- add_batch_spending(batch_id, reserved_usd, spent_usd) -> void
-- Adds to what a batch's jobs count for; amounts may be negative; null: of no batch. Called by the account's triggers at
-- the commit, before add_spending: a permission holds its batch's row, and then wants the account's.
CREATE OR REPLACE FUNCTION add_batch_spending(p_batch_id uuid, p_reserved_usd numeric, p_spent_usd numeric)
    RETURNS void
    LANGUAGE sql
AS $$
    UPDATE batches AS b
    SET reserved_usd = greatest(b.reserved_usd + p_reserved_usd, 0), spent_usd = greatest(b.spent_usd + p_spent_usd, 0)
    WHERE b.id = p_batch_id;
$$;
