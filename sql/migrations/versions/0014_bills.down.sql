-- Revision 0014 down: drop what was billed, but only while nothing has been: the corrected costs could not be explained.

DO $$
BEGIN
    IF EXISTS (SELECT FROM submissions WHERE charged_usd IS NOT NULL OR refunded_usd <> 0) THEN
        RAISE EXCEPTION
            'something has been billed: going down would drop that. Back it up and empty the columns charged_usd and '
            'refunded_usd of submissions first';
    END IF;
END;
$$;

DROP TRIGGER submissions_bill ON submissions;

DROP TABLE bills;

ALTER TABLE submissions DROP COLUMN charged_usd, DROP COLUMN refunded_usd;

ALTER TABLE jobs DROP COLUMN media_list_price_usd;
