// Answers of npm `cron-parser`, the one that BullMQ 6 uses, for corral's own parser to be compared with.
//
//   node cron_vectors.mjs table   prints tests/policy/vectors/cron.tsv, always the same
//   node cron_vectors.mjs ask     answers questions: one JSON object a line on stdin, one a line on stdout

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

process.env.TZ = 'UTC';
const bullmq = createRequire(createRequire(import.meta.url).resolve('bullmq6/package.json'));
const { CronExpressionParser } = bullmq('cron-parser');

const RUNS = 5;

// `{error: true}` for a refused pattern or zone; else the runs of one iterator, and the runs of a new iterator
// after each run, as BullMQ makes them. Milliseconds; null where the parser gives up.
function answer({ pattern, tz, from, count = RUNS, seed }) {
  const parse = ms => CronExpressionParser.parse(pattern, { tz, currentDate: new Date(ms), hashSeed: seed });
  try {
    parse(from);
  } catch {
    return { error: true };
  }
  const iterator = parse(from);
  const take = runs(count, () => iterator.next().getTime());
  let at = from;
  const chain = runs(count, () => {
    const next = parse(at).next().getTime();
    if (next <= at) throw new Error('went back');
    return (at = next);
  });
  return { take, chain };
}

function runs(count, next) {
  const found = [];
  try {
    while (found.length < count) found.push(next());
  } catch {
    found.push(null);
  }
  return found;
}

async function ask() {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
  }
}

await ask();
