-- Take away the cards of the jobs.
SELECT {own}.drop_cards($1, $2)
