-- One record.
SELECT content FROM {own}.kept_record WHERE kind = $1 AND id = $2
