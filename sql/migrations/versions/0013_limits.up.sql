-- Revision 0013: limits of an owner, and who paused it. Null, as in all rows that there are: the installation's settings.

ALTER TABLE owners
    ADD COLUMN paused_by           text,
    ADD COLUMN open_jobs           integer CHECK (open_jobs >= 0),
    ADD COLUMN requests_per_minute integer CHECK (requests_per_minute >= 1),
    ADD COLUMN highest_priority    integer CHECK (highest_priority BETWEEN 1 AND 10),
    ADD COLUMN models              text[],
    ADD COLUMN outputs_per_job     integer CHECK (outputs_per_job >= 1),
    ADD COLUMN uploads_per_day     integer CHECK (uploads_per_day >= 0),
    ADD COLUMN streams             integer CHECK (streams >= 0);
