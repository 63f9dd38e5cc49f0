-- Jobs without parent, deduplication or scheduler. $1 queue, $2 whether the transaction is ours, then an array each.
SELECT {own}.add(
  $1::text, $2::boolean, $3::text[], $4::text[], $5::text[], $6::bigint[], $7::integer[], $8::text[], $9::integer[],
  $10::bigint[], $11::boolean[])
