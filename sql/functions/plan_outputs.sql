-- plan_outputs() -> trigger
-- Plans that our own copies of a job's outputs are stored, whichever path recorded them: a row of stored_outputs for each
-- with an address that has not expired, if the installation stores outputs (the switch `outputs`). A copy of an output
-- that the job does not have any more is given up. The job's own workflow stores them at once; the reconciler starts what
-- still waits after a minute. It depends on nothing that could fail: an output is a fact, and must be recorded.
CREATE OR REPLACE FUNCTION plan_outputs()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM stored_outputs AS s
        WHERE s.job_id = NEW.id
          AND OLD.outputs -> s.index ->> 'url' IS DISTINCT FROM NEW.outputs -> s.index ->> 'url';
    END IF;
    IF EXISTS (SELECT FROM switches WHERE name = 'outputs' AND value = 'on') THEN
        INSERT INTO stored_outputs (job_id, index, expires_at, due_at)
        SELECT NEW.id, o.place - 1, o.expires_at, clock_timestamp() + claim_lease()
        FROM (SELECT place, output,
                     coalesce((output ->> 'expires_at')::timestamptz,
                              coalesce(NEW.completed_at, clock_timestamp()) + wavespeed_retention()) AS expires_at
              FROM jsonb_array_elements(NEW.outputs) WITH ORDINALITY AS each_output (output, place)) AS o
        WHERE o.output ->> 'url' IS NOT NULL AND o.expires_at > clock_timestamp()
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END;
$$;
