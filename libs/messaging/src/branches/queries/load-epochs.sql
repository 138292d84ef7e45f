SELECT lane, epoch FROM lane WHERE lane = ANY ($1::int[])
