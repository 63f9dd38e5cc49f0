SELECT state::text, return_value::text, failed_reason FROM {bullmq}.job WHERE queue = $1 AND id = $2
