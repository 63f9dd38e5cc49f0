-- The revisions of the kinds, in the order asked for.
SELECT coalesce(k.revision, 0)
  FROM unnest($1::text[]) WITH ORDINALITY AS asked(kind, place)
  LEFT JOIN {own}.record_kind k ON k.kind = asked.kind
 ORDER BY asked.place
