-- Revision 0003 down: drop the indexes.

DROP INDEX prompt_generation_jobs_rated_idx;

DROP INDEX jobs_kept_idx;
