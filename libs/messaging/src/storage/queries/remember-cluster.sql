INSERT INTO kafka_cluster (cluster_id) VALUES ($1)
ON CONFLICT (singleton) DO UPDATE SET singleton = true
RETURNING cluster_id
