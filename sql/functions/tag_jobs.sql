-- tag_jobs(owner, job_ids, add, remove) -> (job_id, tags, problem)
-- Adds tags to an owner's jobs and removes others; both are written as they are to be stored. For each of the jobs it
-- returns the tags that it has now, in order; or why none of it was done: not_found, erased, too_many (more than 20).
-- Repeating it changes nothing. Whoever listens to a job that has changed reads it again.
CREATE OR REPLACE FUNCTION tag_jobs(p_owner text, p_job_ids uuid[], p_add text[], p_remove text[])
    RETURNS TABLE (job_id uuid, tags text[], problem text)
    LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_job_id uuid;
    v_job    jobs;
    v_before text[];
    v_after  text[];
BEGIN
    FOR v_job_id IN SELECT DISTINCT wanted FROM unnest(p_job_ids) AS wanted ORDER BY wanted LOOP
        SELECT * INTO v_job FROM jobs AS j WHERE j.id = v_job_id AND j.owner = p_owner FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN QUERY SELECT v_job_id, NULL::text[], 'not_found';
            CONTINUE;
        ELSIF v_job.erase_requested_at IS NOT NULL THEN
            RETURN QUERY SELECT v_job_id, NULL::text[], 'erased';
            CONTINUE;
        END IF;
        v_before := ARRAY(SELECT t.tag FROM job_tags AS t WHERE t.job_id = v_job_id ORDER BY t.tag COLLATE "C");
        v_after := ARRAY(SELECT tag FROM (SELECT unnest(v_before) UNION SELECT unnest(p_add)) AS all_tags (tag)
                         WHERE tag <> ALL (p_remove) ORDER BY tag COLLATE "C");
        IF cardinality(v_after) > 20 THEN
            RETURN QUERY SELECT v_job_id, NULL::text[], 'too_many';
            CONTINUE;
        END IF;
        IF v_after <> v_before THEN
            DELETE FROM job_tags AS t WHERE t.job_id = v_job_id AND t.tag <> ALL (v_after);
            INSERT INTO job_tags (job_id, tag, owner, job_created_at)
            SELECT v_job_id, tag, v_job.owner, v_job.created_at FROM unnest(v_after) AS tag
            WHERE tag <> ALL (v_before);
            PERFORM tell_job_changed(v_job);
        END IF;
        RETURN QUERY SELECT v_job_id, v_after, NULL::text;
    END LOOP;
END;
$$;
