SELECT {own}.add_flow($1::text[], $2::text[], $3::text[], $4)
