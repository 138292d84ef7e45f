SELECT lane, topic, next_offset FROM lane_position WHERE lane = ANY ($1::int[]) AND topic = ANY ($2::text[])
