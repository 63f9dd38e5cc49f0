// What every script here shares: its options, BullMQ in the version asked for, and one line of JSON at the end.
import { createRequire } from 'node:module';

export const options = JSON.parse(process.argv[2]);
export const bullmq = createRequire(options.modules)(options.package);
export const connection = { host: '127.0.0.1', port: options.port };

export function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`, () => process.exit(0));
}
