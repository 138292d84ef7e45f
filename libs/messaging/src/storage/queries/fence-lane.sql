-- Waits for the owner's open transaction and fences its later ones: it finds itself fenced, and claims the lane again.
UPDATE lane SET epoch = epoch + 1 WHERE lane = $1 RETURNING epoch
