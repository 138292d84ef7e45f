-- Raises the epoch of each lane, in lane order: waits for a predecessor's open transaction and fences its later ones.
INSERT INTO lane (lane, epoch, owner)
SELECT lane, 1, $2 FROM unnest($1::int[]) AS asked (lane) ORDER BY lane
ON CONFLICT (lane) DO UPDATE SET epoch = lane.epoch + 1, owner = excluded.owner, claimed_at = now()
RETURNING lane, epoch
