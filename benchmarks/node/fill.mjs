// Puts a number of jobs into the queue, for either side to process.
import { answer, bullmq, options, place } from './peer.mjs';

const queue = new bullmq.Queue('mail', ...place);
for (let left = options.jobs; left > 0; left -= 1000) {
  const length = Math.min(left, 1000);
  await queue.addBulk(Array.from({ length }, () => ({ name: 'job', data: options.data })));
}
answer({});
