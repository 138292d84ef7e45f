-- One statement sees one moment: the state and the postings belong together.
SELECT order_id, status, customer_id, amount_cents, card_token, hold_id, capture_id, decline_code,
       (SELECT coalesce(json_agg(json_build_object(
                   'account', account || coalesce(':' || customer_id, ''),
                   'amountCents', amount_cents,
                   'kind', kind,
                   'orderId', order_id) ORDER BY posted_at, kind, amount_cents), '[]')
        FROM posting
        WHERE posting.order_id = payment.order_id) AS postings
FROM payment
WHERE order_id = $1
