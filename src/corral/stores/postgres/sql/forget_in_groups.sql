-- $1 queue, $2 ids, of which those that still exist are passed over
SELECT emptied FROM {own}.leave_groups(
  $1,
  ARRAY(SELECT key FROM unnest($2::text[]) AS n(key)
    WHERE NOT EXISTS (SELECT FROM {bullmq}.job WHERE queue = $1 AND id = key)),
  true)
