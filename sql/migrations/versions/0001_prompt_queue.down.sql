-- Revision 0001 down: drop everything, but never a job.

DO $$
BEGIN
    IF EXISTS (SELECT FROM jobs) OR EXISTS (SELECT FROM prompt_generation_jobs) THEN
        RAISE EXCEPTION 'there are jobs: going down would drop them. Back the tables up and empty them first';
    END IF;
END;
$$;
-- next
DROP VIEW waiting_prompt_jobs;
-- next
DROP VIEW waiting_jobs;
-- next
DROP VIEW late_predictions;
-- next
DROP FUNCTION job_queue_position;
-- next
DROP FUNCTION prompt_queue_position;
-- next
DROP FUNCTION get_prompt_queue_stats;
-- next
DROP FUNCTION delete_expired_records;
-- next
DROP FUNCTION restart_workflow;
-- next
DROP FUNCTION asked_provider;
-- next
DROP FUNCTION note_missing_workflow;
-- next
DROP FUNCTION take_open_rows;
-- next
DROP FUNCTION mark_workflows_started;
-- next
DROP FUNCTION claim_prompt_jobs;
-- next
DROP FUNCTION claim_stranded_jobs;
-- next
DROP FUNCTION note_callback;
-- next
DROP FUNCTION raise_submission_number;
-- next
DROP FUNCTION restore_job;
-- next
DROP FUNCTION retry_job;
-- next
DROP FUNCTION retry_chain;
-- next
DROP FUNCTION settle_stale_intents;
-- next
DROP FUNCTION take_unclear_submissions;
-- next
DROP FUNCTION receive_webhook;
-- next
DROP FUNCTION decide_submission;
-- next
DROP FUNCTION prove_absence;
-- next
DROP FUNCTION adopt_prediction;
-- next
DROP FUNCTION permit_submission;
-- next
DROP FUNCTION settle_submission;
-- next
DROP FUNCTION note_obstacle;
-- next
DROP FUNCTION note_absence;
-- next
DROP FUNCTION note_candidates;
-- next
DROP FUNCTION release_prediction;
-- next
DROP FUNCTION lock_prediction;
-- next
DROP FUNCTION follow_submission;
-- next
DROP FUNCTION open_submission;
-- next
DROP FUNCTION update_prompt_job_status;
-- next
DROP FUNCTION finish_prompt_job;
-- next
DROP FUNCTION record_prompt_failure;
-- next
DROP FUNCTION begin_prompt_attempt;
-- next
DROP FUNCTION lock_prompt_job;
-- next
DROP FUNCTION request_prompt_job_cancel;
-- next
DROP FUNCTION request_job_cancel;
-- next
DROP FUNCTION advance_job;
-- next
DROP FUNCTION begin_prompt_job;
-- next
DROP FUNCTION begin_job;
-- next
DROP FUNCTION accept_prompt_job;
-- next
DROP FUNCTION accept_job;
-- next
DROP FUNCTION insert_prompt_job;
-- next
DROP FUNCTION claim_idempotency_key;
-- next
DROP FUNCTION move_prompt_job;
-- next
DROP FUNCTION move_job;
-- next
DROP FUNCTION append_job_event;
-- next
DROP FUNCTION transition_allowed;
-- next
ALTER TABLE jobs DROP CONSTRAINT jobs_prompt_job_id_fkey;
-- next
DROP TABLE idempotency_keys;
-- next
DROP TABLE webhook_deliveries;
-- next
DROP TABLE job_events;
-- next
DROP TABLE submissions;
-- next
DROP TABLE switches;
-- next
DROP TABLE status_counters;
-- next
DROP TABLE queue_minutes;
-- next
DROP TABLE prompt_generation_jobs;
-- next
DROP TABLE jobs;
-- next
DROP FUNCTION count_prompt_minutes;
-- next
DROP FUNCTION count_statuses;
-- next
DROP FUNCTION counter_slot;
