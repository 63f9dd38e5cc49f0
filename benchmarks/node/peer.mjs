// What every script here shares: its options, BullMQ in the version asked for, and one line of JSON at the end.
import { createRequire } from 'node:module';

export const options = JSON.parse(process.argv[2]);
export const bullmq = createRequire(options.modules)(options.package);
// What a Queue or a Worker is given: its options, and behind them the backend where it is not Redis.
export const place = options.url
  ? [{ connection: { connectionString: options.url, max: 20 } }, bullmq.createPostgresBackend]
  : [{ connection: { host: '127.0.0.1', port: options.port } }];

export function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`, () => process.exit(0));
}
