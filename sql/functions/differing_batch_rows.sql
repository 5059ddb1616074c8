-- differing_batch_rows(batch_id, rows) -> (number, key)
-- Which of these rows the batch has already under the same key, but of another content; of each only `number`, `key` and
-- `content_hash` are looked at. A row whose job was erased is known by its key's digest, and its content not any more.
CREATE OR REPLACE FUNCTION differing_batch_rows(p_batch_id uuid, p_rows jsonb)
    RETURNS TABLE (number integer, key text)
    LANGUAGE sql
    STABLE
AS $$
    SELECT sent.number, sent.key
    FROM jsonb_to_recordset(p_rows) AS sent (number integer, key text, content_hash text)
    JOIN batch_rows AS r ON r.batch_id = p_batch_id AND r.key = sent.key AND r.content_hash <> sent.content_hash
    WHERE r.state <> 'faulty'
    ORDER BY sent.number;
$$;
