-- keep_outputs(limit) -> (planned, again)
-- Plans copies of outputs that WaveSpeed still keeps and that were not planned when they were made (the installation did
-- not store outputs then), and has those tried again at once that wait or have failed. The newest jobs first, as many of
-- them as `limit`; repeating it goes on.
CREATE OR REPLACE FUNCTION keep_outputs(p_limit integer)
    RETURNS TABLE (planned bigint, again bigint)
    LANGUAGE sql
AS $$
    WITH missing AS (
        SELECT j.id, o.place - 1 AS index, e.expires_at
        FROM jobs AS j
        CROSS JOIN LATERAL jsonb_array_elements(j.outputs) WITH ORDINALITY AS o (output, place)
        CROSS JOIN LATERAL (SELECT coalesce((o.output ->> 'expires_at')::timestamptz,
                                            j.completed_at + wavespeed_retention()) AS expires_at) AS e
        WHERE j.completed_at > now() - wavespeed_retention() AND j.erase_requested_at IS NULL
          AND o.output ->> 'url' IS NOT NULL AND e.expires_at > clock_timestamp()
          AND NOT EXISTS (SELECT FROM stored_outputs AS s WHERE s.job_id = j.id AND s.index = o.place - 1)
        ORDER BY j.completed_at DESC LIMIT p_limit
    ), added AS (
        INSERT INTO stored_outputs (job_id, index, expires_at, due_at)
        SELECT id, index, expires_at, clock_timestamp() FROM missing
        ON CONFLICT DO NOTHING
        RETURNING 1
    ), repeated AS (
        UPDATE stored_outputs SET state = 'waiting', due_at = clock_timestamp()
        WHERE state IN ('waiting', 'failed') AND expires_at > clock_timestamp()
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM repeated);
$$;
