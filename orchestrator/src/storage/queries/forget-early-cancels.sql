-- Their starts, if they ever come, are older than the horizon of the inbox, and are refused.
DELETE FROM early_cancel WHERE lane = ANY ($1::int[]) AND cancelled_at < now() - interval '7 days'
