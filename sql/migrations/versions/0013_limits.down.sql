-- Revision 0013 down: refused while an owner is paused or has limits, which the older release would not hold.

DO $$
BEGIN
    IF EXISTS (SELECT FROM owners WHERE paused_at IS NOT NULL
               OR num_nonnulls(open_jobs, requests_per_minute, highest_priority, models, outputs_per_job,
                               uploads_per_day, streams) > 0) THEN
        RAISE EXCEPTION 'Owners are paused or have limits, which going down would drop: resume them, and remove the '
            'limits (promptmill owners limits NAME --none) first';
    END IF;
END;
$$;

ALTER TABLE owners
    DROP COLUMN paused_by,
    DROP COLUMN open_jobs,
    DROP COLUMN requests_per_minute,
    DROP COLUMN highest_priority,
    DROP COLUMN models,
    DROP COLUMN outputs_per_job,
    DROP COLUMN uploads_per_day,
    DROP COLUMN streams;
