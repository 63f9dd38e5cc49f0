// What BullMQ 6 makes of `repeat` options, for corral's own rules to be compared with.
//
//   node recurrence_vectors.mjs   prints tests/policy/vectors/recurrence.jsonl
//
// BullMQ's own JobScheduler runs on a backend that only writes down what it is told, and on a clock that stands still.

import { createRequire } from 'node:module';

process.env.TZ = 'UTC';
const { JobScheduler, defaultRepeatStrategy } = createRequire(import.meta.url)('bullmq6');
console.warn = () => {};

const NOW = Date.parse('2024-03-30T22:15:10.500Z');
const HOUR = 3_600_000;

class StandingDate extends Date {
  constructor(...args) {
    super(...(args.length ? args : [NOW]));
  }
  static now() {
    return NOW;
  }
}
globalThis.Date = StandingDate;

const CASES = [
  { repeat: { pattern: '0 5 * * *' } },
  { repeat: { pattern: '0 5 * * *', tz: 'Europe/Berlin' } },
  { repeat: { pattern: '30 2 * * *', tz: 'Europe/Berlin', count: 4, limit: 6 }, opts: { attempts: 3, priority: 2 } },
  { repeat: { pattern: '30 2 * * *', tz: 'Europe/Berlin', offset: 77 } },
  { repeat: { pattern: '*/10 * * * * *', immediately: true } },
  { repeat: { pattern: '*/10 * * * * *', immediately: true }, opts: { prevMillis: NOW + HOUR } },
  { repeat: { pattern: '@daily' }, opts: { prevMillis: NOW - 5 * HOUR } },
  { repeat: { pattern: '@daily' }, opts: { prevMillis: NOW + 5 * HOUR } },
  { repeat: { pattern: '@daily' }, opts: { prevMillis: Date.parse('2024-03-31') } },
  { repeat: { pattern: '0 0 31 4 *', tz: 'UTC' } },
  { repeat: { pattern: '0 0 31 4,6 *' } },
  { repeat: { pattern: '0 5 * * *', startDate: '2024-05-01' } },
  { repeat: { pattern: '0 5 * * *', startDate: '2024-05-01', tz: 'America/New_York' } },
  { repeat: { pattern: '0 0 * * *', startDate: '2024-05-01', tz: 'America/New_York' } },
  { repeat: { pattern: '0 0 * * *', startDate: '2024-05-01T00:00', tz: 'Asia/Kolkata' } },
  { repeat: { pattern: '0 0 * * *', startDate: '2024-05-01T00:00:00+02:00', tz: 'Asia/Kolkata' } },
  { repeat: { pattern: '0 0 * * *', startDate: '2024-05-01 06:30', tz: 'Asia/Kolkata' } },
  { repeat: { pattern: '0 0 * * *', startDate: 'Wed, 01 May 2024 06:30:00 GMT' } },
  { repeat: { pattern: '0 0 * * *', startDate: 1714521600000 } },
  { repeat: { pattern: '0 0 * * *', startDate: '2023-05-01' } },
  { repeat: { pattern: '0 0 * * *', startDate: 0, endDate: '' } },
  { repeat: { pattern: '0 0 1 * *', endDate: '2024-04-01' } },
  { repeat: { pattern: '0 0 1 * *', endDate: '2024-03-31T23:59:59.999Z' } },
  { repeat: { pattern: '0 0 1 * *', endDate: '2024-04-01', tz: 'America/New_York' } },
  { repeat: { pattern: '0 0 1 * *', endDate: '2024-04-01T00:00-04:00', tz: 'America/New_York' } },
  { repeat: { pattern: '0 0 1 * *', startDate: '2024-04-02', endDate: '2024-04-03' } },
  { repeat: { pattern: '0 0 1 * *', endDate: NOW - 1 } },
  { repeat: { pattern: '* * * * * *', endDate: NOW + 499 } },
  { repeat: { pattern: '* * * * * *', endDate: NOW + 500 } },
  { repeat: { pattern: '0 5 * * *', limit: 1 } },
  { repeat: { pattern: '0 5 * * *', limit: 1, count: 1 } },
  { repeat: { pattern: '0 5 * * *', limit: 0 } },
  { repeat: { pattern: 'H H * * *', hashSeed: 'reports' } },
  { repeat: { pattern: '0 5 * * *', tz: 'utc+3' } },
  { repeat: { pattern: '0 5 * * *', tz: 'Nowhere/City' } },
  { repeat: { pattern: '0 5 * * *', tz: '' } },
  { repeat: { pattern: '0 25 * * *' } },
  { repeat: { pattern: '0 5 * * *', startDate: 'soon' } },
  { repeat: { pattern: '0 5 * * *', endDate: 'never' } },
  { repeat: { every: 5000 } },
  { repeat: { every: 5000, limit: 3, count: 1 }, opts: { attempts: 2, prevMillis: NOW } },
  { repeat: { every: 5000, limit: 3, count: 3 } },
  { repeat: { every: 5000, offset: 200, immediately: true } },
  { repeat: { every: 5000, startDate: '2024-05-01', endDate: '2025-01-01T10:00:00.123Z' } },
  { repeat: { every: 5000, endDate: '2024-03-30T22:15:10.499Z' } },
  { repeat: { every: 5000, pattern: '* * * * *' } },
  { repeat: {} },
  { repeat: { limit: 4 } },
  { repeat: { pattern: '* * * * *', immediately: true, startDate: '2025-01-01' } },
];

async function result({ repeat, opts = {} }) {
  const told = {};
  const addJobScheduler = (_id, _millis, _data, _opts, record, job) => (Object.assign(told, { record, job }), []);
  const scheduler = Object.create(JobScheduler.prototype, {
    repeatStrategy: { value: defaultRepeatStrategy },
    trace: { value: (_kind, _name, _queue, work) => work() },
    backend: { value: { addJobScheduler } },
    Job: { value: class {} },
  });
  try {
    await scheduler.upsertJobScheduler('sched:1', repeat, 'report', {}, opts, { override: true });
  } catch (error) {
    return { error: error.message };
  }
  return told.job ? told : { ended: true };
}

for (const given of CASES) {
  process.stdout.write(JSON.stringify({ now: NOW, ...given, ...(await result(given)) }) + '\n');
}
