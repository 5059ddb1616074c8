-- Revision 0001 down: drop everything, but never a job.

DO $$
BEGIN
    IF EXISTS (SELECT FROM jobs) OR EXISTS (SELECT FROM prompt_generation_jobs) THEN
        RAISE EXCEPTION 'there are jobs: going down would drop them. Back the tables up and empty them first';
    END IF;
END;
$$;

DROP VIEW waiting_prompt_jobs;

DROP VIEW waiting_jobs;

DROP VIEW late_predictions;

DROP FUNCTION job_queue_position;

DROP FUNCTION prompt_queue_position;

DROP FUNCTION get_prompt_queue_stats;

DROP FUNCTION delete_expired_records;

DROP FUNCTION restart_workflow;

DROP FUNCTION asked_provider;

DROP FUNCTION note_missing_workflow;

DROP FUNCTION take_open_rows;

DROP FUNCTION mark_workflows_started;

DROP FUNCTION claim_prompt_jobs;

DROP FUNCTION claim_stranded_jobs;

DROP FUNCTION note_callback;

DROP FUNCTION raise_submission_number;

DROP FUNCTION restore_job;

DROP FUNCTION retry_job;

DROP FUNCTION retry_chain;

DROP FUNCTION settle_stale_intents;

DROP FUNCTION take_unclear_submissions;

DROP FUNCTION receive_webhook;

DROP FUNCTION decide_submission;

DROP FUNCTION prove_absence;

DROP FUNCTION adopt_prediction;

DROP FUNCTION permit_submission;

DROP FUNCTION settle_submission;

DROP FUNCTION note_obstacle;

DROP FUNCTION note_absence;

DROP FUNCTION note_candidates;

DROP FUNCTION release_prediction;

DROP FUNCTION lock_prediction;

DROP FUNCTION follow_submission;

DROP FUNCTION open_submission;

DROP FUNCTION update_prompt_job_status;

DROP FUNCTION finish_prompt_job;

DROP FUNCTION record_prompt_failure;

DROP FUNCTION begin_prompt_attempt;

DROP FUNCTION lock_prompt_job;

DROP FUNCTION request_prompt_job_cancel;

DROP FUNCTION request_job_cancel;

DROP FUNCTION advance_job;

DROP FUNCTION begin_prompt_job;

DROP FUNCTION begin_job;

DROP FUNCTION accept_prompt_job;

DROP FUNCTION accept_job;

DROP FUNCTION insert_prompt_job;

DROP FUNCTION claim_idempotency_key;

DROP FUNCTION move_prompt_job;

DROP FUNCTION move_job;

DROP FUNCTION append_job_event;

DROP FUNCTION transition_allowed;

ALTER TABLE jobs DROP CONSTRAINT jobs_prompt_job_id_fkey;

DROP TABLE idempotency_keys;

DROP TABLE webhook_deliveries;

DROP TABLE job_events;

DROP TABLE submissions;

DROP TABLE switches;

DROP TABLE status_counters;

DROP TABLE queue_minutes;

DROP TABLE prompt_generation_jobs;

DROP TABLE jobs;

DROP FUNCTION count_prompt_minutes;

DROP FUNCTION count_statuses;

DROP FUNCTION counter_slot;
