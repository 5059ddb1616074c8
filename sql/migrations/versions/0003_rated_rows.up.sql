-- Revision 0003: find what was rated without reading the rest. Each statement is a transaction of its own; one that was
-- broken off leaves an invalid index behind, so each index is dropped before it is made.

DROP INDEX CONCURRENTLY IF EXISTS jobs_kept_idx;
-- next
CREATE INDEX CONCURRENTLY jobs_kept_idx ON jobs (owner, created_at) WHERE kept IS NOT NULL;
-- next
DROP INDEX CONCURRENTLY IF EXISTS prompt_generation_jobs_rated_idx;
-- next
CREATE INDEX CONCURRENTLY prompt_generation_jobs_rated_idx ON prompt_generation_jobs (owner, created_at)
    WHERE rating IS NOT NULL;
-- next
ALTER TABLE prompt_generation_jobs VALIDATE CONSTRAINT prompt_generation_jobs_rating_check;
