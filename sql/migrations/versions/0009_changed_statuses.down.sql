-- Revision 0009 down: the triggers of the counters fire for every update again.

DROP TRIGGER jobs_note_status ON jobs;

DROP TRIGGER jobs_count_update ON jobs;

DROP TRIGGER prompt_generation_jobs_note_status ON prompt_generation_jobs;

DROP TRIGGER prompt_generation_jobs_count_update ON prompt_generation_jobs;

DROP TRIGGER prompt_generation_jobs_note_minutes ON prompt_generation_jobs;

DROP TRIGGER prompt_generation_jobs_minutes ON prompt_generation_jobs;

CREATE TRIGGER jobs_count_update AFTER UPDATE ON jobs
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();

CREATE TRIGGER prompt_generation_jobs_count_update AFTER UPDATE ON prompt_generation_jobs
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();

CREATE TRIGGER prompt_generation_jobs_minutes AFTER UPDATE ON prompt_generation_jobs
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_prompt_minutes();

DROP FUNCTION count_status_changes;

DROP FUNCTION count_prompt_minutes_v2;

DELETE FROM applied_functions WHERE name IN ('count_status_changes', 'count_prompt_minutes_v2');
