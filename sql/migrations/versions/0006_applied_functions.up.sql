-- Revision 0006: which text of each function the database has. From here on `migrate` applies the files in
-- sql/functions whose text is another one, and revisions hold tables alone.

CREATE TABLE applied_functions (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
