-- Which of them exist, whether or not somebody holds them.
SELECT customer_id FROM wallet WHERE customer_id = ANY ($1::text[])
