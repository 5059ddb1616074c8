-- Revision 0002 down: drop the column for what people say of results, but nothing that they have said. The ratings of
-- prompts stay: revision 0001 has their columns.

DO $$
BEGIN
    IF EXISTS (SELECT FROM jobs WHERE kept IS NOT NULL) THEN
        RAISE EXCEPTION
            'people have judged results: going down would drop that. Back jobs up and empty the column kept first';
    END IF;
END;
$$;

DROP FUNCTION get_prompt_satisfaction;

DROP FUNCTION rate_result;

DROP FUNCTION rate_prompt_job;

DROP FUNCTION tell_job_changed;

ALTER TABLE prompt_generation_jobs DROP CONSTRAINT prompt_generation_jobs_rating_check;

ALTER TABLE jobs DROP COLUMN kept;
