-- Revision 0010 down: drop budgets and what counts them, but no budget and no job's limit. What has been reserved and
-- spent is dropped: without budgets it bounds nobody, and each job keeps its cost.

DO $$
BEGIN
    IF EXISTS (SELECT FROM budgets) OR EXISTS (SELECT FROM jobs WHERE max_price_usd IS NOT NULL) THEN
        RAISE EXCEPTION
            'there are budgets, or jobs with a highest price: going down would drop that. Back them up and empty the '
            'table budgets and the column max_price_usd first';
    END IF;
END;
$$;

DROP TRIGGER submissions_spending_update ON submissions;

DROP TRIGGER submissions_spending_insert ON submissions;

DROP TABLE budgets, spending;

ALTER TABLE submissions DROP COLUMN reserved_usd, DROP COLUMN price_source;

ALTER TABLE jobs DROP COLUMN max_price_usd;
