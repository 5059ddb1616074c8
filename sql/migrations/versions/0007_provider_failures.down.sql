-- Revision 0007 down: the reasons that the release before knows.

CREATE OR REPLACE VIEW late_predictions AS
    SELECT s.id AS submission_id, s.job_id, s.prediction_id, j.model, j.kind, s.outcome_at AS accepted_at,
           s.looked_at, s.looks
    FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE j.status IN ('failed', 'cancelled', 'expired', 'terminated') AND j.outputs = '[]'
      AND s.state IN ('accepted', 'superseded') AND s.prediction_id IS NOT NULL AND s.ended_at IS NULL
      AND NOT (s.prediction_id = j.prediction_id AND coalesce(j.reason_code, '') IN (
          'generation_failed', 'generation_moderated', 'generation_input_unreachable', 'generation_stopped'));
