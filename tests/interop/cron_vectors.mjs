// Answers of npm `cron-parser`, the one that BullMQ 6 uses, for corral's own parser to be compared with.
//
//   node cron_vectors.mjs table   prints tests/policy/vectors/cron.tsv, always the same for one version and zone data
//   node cron_vectors.mjs ask     answers questions: one JSON object a line on stdin, one a line on stdout

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

process.env.TZ = 'UTC';
const bullmq = createRequire(createRequire(import.meta.url).resolve('bullmq6'));
const { CronExpressionParser } = bullmq('cron-parser');
const { IANAZone } = createRequire(bullmq.resolve('cron-parser'))('luxon');

const RUNS = 5;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// `{error: true}` for a refused pattern or zone; else the runs of one iterator, and those of a new iterator after
// each run, which is how BullMQ asks. Milliseconds; null where the parser gives up or goes back in time.
function answer({ pattern, tz, from, count = RUNS, seed }) {
  const parse = ms => CronExpressionParser.parse(pattern, { tz, currentDate: new Date(ms), hashSeed: seed });
  try {
    parse(from);
  } catch {
    return { error: true };
  }
  const iterator = parse(from);
  return {
    take: runs(from, count, () => iterator.next().getTime()),
    chain: runs(from, count, at => parse(at).next().getTime()),
  };
}

function runs(from, count, next) {
  const found = [];
  try {
    for (let at = from; found.length < count; found.push(at)) {
      const run = next(at);
      if (run <= at) throw new Error('went back in time');
      at = run;
    }
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

// The nightly ones meet every start near a change of the clocks; of all others each start meets a quarter.
const PLAIN = [
  '* * * * *', '*/5 * * * *', '0 9 * * 1-5', '15,45 9-17/2 * * MON-FRI', '0 0 1 * *', '0 12 */2 * *',
  '0 0 31 * *', '0 0 30 1-3 *', '0 0 29 2 *', '0 0 29 FEB 1', '59 23 L * *', '0 6 1,L * *', '0 6 15L * ?',
  '0 0 * * 5L', '0 8 * * 1L,3', '30 7 * * MON#1', '30 7 ? * 2#5', '30 7 13 * 5', '30 7 13 * 5#2', '0 0 * * 0,6',
  '0 0 * * 7', '0 0 * * 5-7', '0 0 * * 1-7/2', '0 0 1-7 * 1', '0 0 * jan,jul *', '0 0 1 */3 *', '0 0 31 4,6 *',
  '*/20 * * * * *', '0 0 0 * * *', '30 59 23 31 12 *', '1-59/7 */13 * * * *', '5/25 * * * *', '* * 28-31 2 *',
  '@hourly', '@daily', '@weekly', '@monthly', '@yearly', '@weekdays', '@weekends', '@minutely', '10 4 ? * ?',
];
const NIGHTLY = [
  '0 0 * * *', '30 0 * * *', '0 1 * * *', '30 1 * * *', '0 2 * * *', '30 2 * * *', '15 3 * * *', '0 * * * *',
  '*/15 * * * *', '30 * * * *', '*/30 1-3 * * *', '0 1,3 * * *', '0 2 * * 0', '30 2 L * *', '45 2-4 * 3,10,11 *',
  '0 0-22 * * *', '30 15 2 * * *', '*/30 59 1 * * *', '0 0 */2 * * *', '20 23 * * *', '0 5 * * *', '5 1-2 1-14 * 0',
];

// A zone and the years whose changes of the clocks are looked at: by an hour, half an hour, two hours, a whole day,
// at midnight, and before and after the date line.
const ZONES = {
  UTC: [], 'Asia/Kolkata': [], 'Europe/Berlin': [2024], 'America/New_York': [2024], 'Australia/Lord_Howe': [2024],
  'America/Sao_Paulo': [2018], 'Pacific/Apia': [2011], 'Africa/Casablanca': [2024], 'Antarctica/Troll': [2024],
  'Africa/Cairo': [2024], 'America/Havana': [2024], 'Atlantic/Azores': [2024], 'America/St_Johns': [2010],
  'Pacific/Chatham': [2024], 'Asia/Pyongyang': [2015, 2018], 'Europe/Dublin': [2023], 'America/Caracas': [2016],
  'UTC+5:30': [],
};
const AROUND = [-26 * HOUR, -2 * HOUR - 1, -HOUR, -20 * MINUTE, -1000, 0, 10 * MINUTE + 500, HOUR];
const ALWAYS = ['2023-12-31T23:59:30Z', '2024-02-28T11:00:00.001Z', '2099-12-31T22:30:00Z'].map(Date.parse);

function changes(tz, year) {
  const zone = IANAZone.create(tz);
  const found = [];
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += DAY) {
    if (zone.offset(day) !== zone.offset(day + DAY)) found.push(change(zone, day, day + DAY));
  }
  return found;
}

function change(zone, before, after) {
  while (after - before > 1000) {
    const middle = before + Math.floor((after - before) / 2000) * 1000;
    if (zone.offset(middle) === zone.offset(before)) before = middle;
    else after = middle;
  }
  return after;
}

// "> zone <tab> start in ms", then lines "pattern <tab> runs of one iterator [<tab> runs asked one by one, if others]".
// Each run is the seconds since the one before, the first since the start's full second; `3600x4` stands for four
// times 3600, `-` for no answer.
function table() {
  const { version } = bullmq('cron-parser/package.json');
  const lines = [`# cron-parser ${version}, zone data ${process.versions.tz}`];
  for (const [turn, { tz, from, near }] of Object.entries(ZONES).flatMap(starts).entries()) {
    const some = PLAIN.concat(near ? [] : NIGHTLY).filter((_, n) => (n + turn) % 4 === 0);
    const patterns = near ? [...NIGHTLY, ...some] : some;
    lines.push(`> ${tz}\t${from}`, ...patterns.map(pattern => row(pattern, tz, from)));
  }
  process.stdout.write(lines.join('\n') + '\n');
}

function starts([tz, years]) {
  const near = years.flatMap(year => changes(tz, year)).flatMap(at => AROUND.map(shift => at + shift));
  return [...ALWAYS.map(from => ({ tz, from, near: false })), ...near.map(from => ({ tz, from, near: true }))];
}

function row(pattern, tz, from) {
  const { take, chain } = answer({ pattern, tz, from });
  const [one, many] = [take, chain].map(found => steps(from, found));
  return [pattern, one, ...(many === one ? [] : [many])].join('\t');
}

function steps(from, found) {
  const seconds = [from, ...found].map(ms => ms && Math.floor(ms / 1000));
  const each = found.map((run, n) => (run === null ? '-' : String(seconds[n + 1] - seconds[n])));
  return each.join(' ').replace(/\b(\d+)(?: \1)+(?= |$)/g, (same, step) => `${step}x${same.split(' ').length}`);
}

await { table, ask }[process.argv[2]]();
