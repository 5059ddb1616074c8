-- Revision 0024 down: refused while an owner's queue is paused.

DO $$
BEGIN
    IF EXISTS (SELECT FROM owners WHERE queue_paused_at IS NOT NULL) THEN
        RAISE EXCEPTION
            'Owners have paused their queues: going down would let them go on, and cost. Have them resumed, pause these '
            'owners as an admin instead, or keep this revision.';
    END IF;
END;
$$;

ALTER TABLE owners DROP COLUMN queue_paused_at, DROP COLUMN queue_paused_by;

DROP INDEX jobs_made_idx;

DROP INDEX prompt_generation_jobs_made_idx;

DROP INDEX submissions_charged_idx;
