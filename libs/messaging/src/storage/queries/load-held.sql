SELECT seq, lane, order_id, message, topic, topic_offset, headers, replay_of FROM held
WHERE lane = ANY ($1::int[]) AND order_id = ANY ($2::text[])
ORDER BY seq
