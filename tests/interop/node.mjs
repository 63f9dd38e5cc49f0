// A Node process that does what tests tell it, with both versions of BullMQ.
//
//   node node.mjs SOCKET   reads one {"id", "code", "args"} a line, answers {"id", "ok"} or {"id", "err"}
//
// `code` is the body of an async function; what it sees is listed in `scope`, and the members of `args` besides.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const libraries = { 5: require('bullmq5'), 6: require('bullmq6') };
const connection = { path: process.argv[2], maxRetriesPerRequest: null };
const AsyncFunction = (async () => {}).constructor;
let open = [];

const keep = (one) => {
  one.on?.('error', () => {});
  open.push(one);
  return one;
};

// Makers of what a test needs; everything is closed at the end of the test. `version` is 6 or 5.
const scope = {
  queue: (name, prefix, opts = {}, version = 6) =>
    keep(new libraries[version].Queue(name, { connection, prefix, ...opts })),
  worker: (name, prefix, run, opts = {}, version = 6) =>
    keep(new libraries[version].Worker(name, run, { connection, prefix, ...opts })),
  events: (name, prefix, opts = {}, version = 6) =>
    keep(new libraries[version].QueueEvents(name, { connection, prefix, ...opts })),
  flows: (prefix, opts = {}, version = 6) => keep(new libraries[version].FlowProducer({ connection, prefix, ...opts })),
  job: (queue, id, version = 6) => libraries[version].Job.fromId(queue, id),
  bullmq: libraries[6],
  bullmq5: libraries[5],
  kept: {},
  closeAll: async () => {
    const closing = open.reverse();
    open = [];
    scope.kept = {};
    for (const one of closing) await one.close();
  },
};

async function answer(line) {
  const { id, code, args } = JSON.parse(line);
  const seen = { ...scope, ...args };
  try {
    const ok = await new AsyncFunction(...Object.keys(seen), code)(...Object.values(seen));
    return { id, ok: ok ?? null };
  } catch (error) {
    return { id, err: String(error?.message ?? error) };
  }
}

process.on('unhandledRejection', () => {});
createInterface({ input: process.stdin })
  .on('line', async (line) => process.stdout.write(JSON.stringify(await answer(line)) + '\n'))
  .on('close', () => process.exit(0));
