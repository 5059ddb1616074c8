-- take_erasures(limit) -> (id, table_name, last_look, predictions)
-- Returns what is still to be erased at Temporal and at WaveSpeed, least recently tried first, and records the attempt.
-- last_look: nobody can be starting a workflow for the row any more, so that it is done once nothing of it is found.
-- predictions: those that its submissions created, each with the provider and the key that it was made with, and whether
-- WaveSpeed still keeps it.
CREATE OR REPLACE FUNCTION take_erasures(p_limit integer)
    RETURNS TABLE (id uuid, table_name text, last_look boolean, predictions jsonb)
    LANGUAGE sql
AS $$
    UPDATE erasures AS e SET looked_at = clock_timestamp()
    FROM (SELECT w.id FROM erasures AS w ORDER BY w.looked_at NULLS FIRST LIMIT p_limit FOR UPDATE SKIP LOCKED) AS due
    WHERE e.id = due.id
    RETURNING e.id, e.table_name, e.due_at <= clock_timestamp(), (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'prediction_id', s.prediction_id, 'provider_base', s.provider_base, 'key_fingerprint', s.key_fingerprint,
            'kept', coalesce(s.outcome_at, s.intended_at) > now() - wavespeed_retention())), '[]')
        FROM submissions AS s WHERE s.job_id = e.id AND s.prediction_id IS NOT NULL);
$$;
