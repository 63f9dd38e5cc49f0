-- Have the sequence of a queue's ids made; until that is committed, every other add to a new queue waits.
SELECT 1 FROM {own}.id_sequence($1)
