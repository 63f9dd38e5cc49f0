// A queue other than BullMQ, in a database of its own: fills it, works it off until it is told to stop, or adds for a time.
import { addForATime } from './callers.mjs';

const [name, given] = process.argv.slice(2);
const { url, task, ...order } = JSON.parse(given);
const data = (n) => ({ to: 'somebody@example.com', n });
const { open } = await import(`./peers/${name}.mjs`);
const { add, addMany, work } = await open(url);

function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`, () => process.exit(0));
}

const many = (first, batch) => addMany(Array.from({ length: batch }, (_, index) => data(first + index)));
if (task === 'add') {
  answer(await addForATime(order, order.batch === 1 ? (n) => add(data(n)) : many));
} else if (task === 'fill') {
  for (let first = 0; first < order.jobs; first += 1000) await many(first, Math.min(1000, order.jobs - first));
  answer({});
} else {
  const ran = new Set();
  process.on('SIGTERM', () => answer({ ran: ran.size }));
  await work((job) => ran.add(job.n), order.setting);
}
