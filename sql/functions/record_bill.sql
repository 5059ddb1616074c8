-- record_bill(prediction_id, charged_usd, refunded_usd) -> changed
-- Records what WaveSpeed says that it has charged for a prediction (null: not in its books yet) and refunded, and
-- corrects what its submission and its job cost by it; the account follows by the difference, on the day of the
-- submission's permission (count_spending), under the locks of the batch and the budgets, in the order of a permission,
-- so that none compares meanwhile.
-- WaveSpeed's books only grow, and lag: of two reports the higher amounts hold, so that the same or an older one changes
-- nothing, in whatever order they come.
-- A bill never changes whose a prediction is, nor any status: one that belongs to no submission is not recorded.
-- Raises PM422 for an amount that is negative or not a number.
CREATE OR REPLACE FUNCTION record_bill(p_prediction_id text, p_charged_usd numeric, p_refunded_usd numeric)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_before submissions;
    v_after submissions;
BEGIN
    IF coalesce(p_charged_usd, 0) NOT BETWEEN 0 AND 999999.999999
        OR coalesce(p_refunded_usd, -1) NOT BETWEEN 0 AND 999999.999999 THEN
        RAISE EXCEPTION 'no bill: % charged, % refunded', p_charged_usd, p_refunded_usd USING ERRCODE = 'PM422';
    END IF;
    p_charged_usd := round(p_charged_usd, 6);
    p_refunded_usd := round(p_refunded_usd, 6);
    SELECT j.* INTO v_job FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE s.prediction_id = p_prediction_id FOR UPDATE OF j;
    SELECT * INTO v_before FROM submissions AS s -- whose it is may have changed while the job was waited for
    WHERE s.prediction_id = p_prediction_id AND s.job_id = v_job.id AND s.state IN ('accepted', 'superseded') FOR UPDATE;
    IF v_before.id IS NULL
        OR (coalesce(p_charged_usd <= v_before.charged_usd, p_charged_usd IS NULL)
            AND p_refunded_usd <= v_before.refunded_usd) THEN
        RETURN false;
    END IF;
    PERFORM FROM batches AS b WHERE b.id = v_job.batch_id FOR NO KEY UPDATE;
    PERFORM FROM budgets AS b WHERE b.owner IN (v_job.owner, '*') ORDER BY b.owner, b.period FOR UPDATE;
    UPDATE submissions AS s
    SET charged_usd = greatest(s.charged_usd, p_charged_usd),
        refunded_usd = greatest(s.refunded_usd, p_refunded_usd),
        media_cost_usd = CASE
            WHEN coalesce(s.charged_usd, p_charged_usd) IS NULL THEN s.media_cost_usd
            ELSE greatest(greatest(s.charged_usd, p_charged_usd) - greatest(s.refunded_usd, p_refunded_usd), 0) END
    WHERE s.id = v_before.id
    RETURNING * INTO v_after;
    UPDATE bills AS b SET changed_at = clock_timestamp() WHERE b.prediction_id = p_prediction_id;
    IF v_after.charged_usd IS NOT NULL AND v_job.prediction_id = p_prediction_id THEN
        v_job.media_cost_usd := v_after.media_cost_usd;
        v_job.media_cost_source := 'billed';
        v_job := store_facts(v_job);
    END IF;
    IF v_after.charged_usd IS NOT NULL AND v_after.media_cost_usd
        IS DISTINCT FROM coalesce(v_before.media_cost_usd, v_before.reserved_usd) THEN
        PERFORM append_job_event(v_job, NULL, jsonb_build_object('bill', jsonb_build_object(
            'predictionId', p_prediction_id, 'chargedUsd', v_after.charged_usd, 'refundedUsd', v_after.refunded_usd)));
    ELSE
        PERFORM tell_job_changed(v_job);
    END IF;
    RETURN true;
END;
$$;
