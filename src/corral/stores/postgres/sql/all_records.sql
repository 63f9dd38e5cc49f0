-- Every record of a kind, with its revision in each row; one row without an id when there is none.
SELECT k.revision, r.id, r.content
  FROM {own}.record_kind k LEFT JOIN {own}.kept_record r ON r.kind = k.kind
 WHERE k.kind = $1
