-- Revision 0020 down: refused while anything is stored, because nothing would know of the files any more.

DO $$
BEGIN
    IF EXISTS (SELECT FROM stored_outputs WHERE path IS NOT NULL) OR EXISTS (SELECT FROM output_removals) THEN
        RAISE EXCEPTION
            'There are stored outputs: going down would drop what is known of the files. Copy the storage, empty the '
            'tables stored_outputs and output_removals, or keep this revision.';
    END IF;
END;
$$;

DROP TRIGGER jobs_outputs_insert ON jobs;
DROP TRIGGER jobs_outputs_update ON jobs;

DROP TABLE stored_outputs, output_removals;
