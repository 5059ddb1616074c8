-- Revision 0023: templates, tags of jobs, collections of outputs.

CREATE TABLE templates (
    id         uuid PRIMARY KEY,
    owner      text NOT NULL,
    name       text NOT NULL,
    body       jsonb NOT NULL, -- of POST /api/jobs/create, with {{words}} in prompt, instructions and the input's texts
    version    integer NOT NULL DEFAULT 1, -- counts its changes: who changes it names the one that was read
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT templates_owner_name_key UNIQUE (owner, name)
);

CREATE INDEX templates_changed_at_idx ON templates (owner, changed_at DESC, id DESC);

CREATE TABLE job_tags (
    job_id         uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    tag            text NOT NULL,
    owner          text NOT NULL, -- as the job's, which never change
    job_created_at timestamptz NOT NULL,
    PRIMARY KEY (job_id, tag)
);

CREATE INDEX job_tags_owner_idx ON job_tags (owner, tag, job_created_at DESC, job_id DESC);

CREATE TABLE collections (
    id         uuid PRIMARY KEY,
    owner      text NOT NULL,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT collections_owner_name_key UNIQUE (owner, name)
);

CREATE INDEX collections_changed_at_idx ON collections (owner, changed_at DESC, id DESC);

CREATE TABLE collection_outputs (
    collection_id uuid NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    job_id        uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    index         integer NOT NULL, -- the output's place in jobs.outputs, from 0
    position      bigint NOT NULL, -- rises within the collection, with gaps
    added_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (collection_id, job_id, index)
);

CREATE INDEX collection_outputs_position_idx ON collection_outputs (collection_id, position);

CREATE INDEX collection_outputs_job_id_idx ON collection_outputs (job_id, collection_id);
