-- Revision 0021 down: refused while any job says what it was made from.

DO $$
BEGIN
    IF EXISTS (SELECT FROM jobs WHERE relation IS NOT NULL) THEN
        RAISE EXCEPTION
            'Jobs say what they were made from: going down would drop that. Set jobs.parent_job_id, parent_index and '
            'relation to NULL, or keep this revision.';
    END IF;
END;
$$;

ALTER TABLE jobs DROP COLUMN parent_job_id, DROP COLUMN parent_index, DROP COLUMN relation;
