-- Revision 0023 down: refused while anybody has kept anything, because nothing else has it.

DO $$
BEGIN
    IF EXISTS (SELECT FROM templates) OR EXISTS (SELECT FROM job_tags) OR EXISTS (SELECT FROM collections) THEN
        RAISE EXCEPTION
            'There are templates, tags or collections: going down would drop them. Empty the tables templates, job_tags '
            'and collections, or keep this revision.';
    END IF;
END;
$$;

-- The functions of this release that have these tables in their signature.
DROP FUNCTION IF EXISTS
    save_templates(text, jsonb, boolean), change_template(text, uuid, text, jsonb, integer),
    create_collection(text, uuid, text),
    change_collection(text, uuid, text, uuid[], integer[], uuid[], integer[]),
    move_in_collection(text, uuid, uuid[], integer[], uuid, integer);
DROP TABLE collection_outputs, collections, job_tags, templates;
