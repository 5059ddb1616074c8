-- Revision 0025 down: refused while there is any batch.

DO $$
BEGIN
    IF EXISTS (SELECT FROM batches) THEN
        RAISE EXCEPTION
            'There are batches: going down would drop their rows, and their jobs would be submitted without their budgets. '
            'Empty the table batches, or keep this revision.';
    END IF;
END;
$$;

-- The functions of this release that have these tables in their signature.
DROP FUNCTION IF EXISTS
    create_batch(jsonb), open_batch(uuid), feed_batch(uuid, integer, integer), lock_batch(uuid, text),
    pause_batch(uuid, text, boolean, text), resume_batch(uuid, text, boolean), cancel_batch(uuid, text),
    retry_batch_rows(uuid, text, uuid[]), change_batch(uuid, text, jsonb), batch_problem(batches, numeric),
    approve_batch(uuid, text, jsonb, text);
ALTER TABLE jobs DROP COLUMN batch_id, DROP COLUMN row_key;
DROP TABLE batch_proposals, batch_rows, batches;
