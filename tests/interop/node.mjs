// A Node process that does what tests tell it, with both versions of BullMQ.
//
//   node node.mjs SOCKET   reads one {"id", "code", "args"} a line, answers {"id", "ok"} or {"id", "err"}
//
// `code` is the body of an async function; what it sees is listed in `scope`, and the members of `args` besides.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const libraries = { 5: require('bullmq5'), 6: require('bullmq6') };
const redis = { connection: { path: process.argv[2], maxRetriesPerRequest: null } };
const AsyncFunction = (async () => {}).constructor;
let open = [];

const keep = (one) => {
  one.on?.('error', () => {});
  open.push(one);
  return one;
};

// `version` is 5 or 6, or the URL of a Postgres, which the sixth works on.
const library = (version) => libraries[version] ?? libraries[6];
const place = (version) => (libraries[version] ? redis : { connection: { connectionString: version, migrate: true } });
const backend = (version) => (libraries[version] ? [] : [libraries[6].createPostgresBackend]);

// Makers of what a test needs; everything is closed at the end of the test.
const scope = {
  queue: (name, prefix, opts = {}, version = 6) =>
    keep(new (library(version).Queue)(name, { ...place(version), prefix, ...opts }, ...backend(version))),
  worker: (name, prefix, run, opts = {}, version = 6) =>
    keep(new (library(version).Worker)(name, run, { ...place(version), prefix, ...opts }, ...backend(version))),
  events: (name, prefix, opts = {}, version = 6) =>
    keep(new (library(version).QueueEvents)(name, { ...place(version), prefix, ...opts }, ...backend(version))),
  flows: (prefix, opts = {}, version = 6) =>
    keep(new (library(version).FlowProducer)({ ...place(version), prefix, ...opts }, ...backend(version))),
  job: (queue, id, version = 6) => library(version).Job.fromId(queue, id),
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
