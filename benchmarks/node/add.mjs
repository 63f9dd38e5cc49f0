// Adds jobs for a time, one by one or in bulk.
import { addForATime } from './callers.mjs';
import { answer, bullmq, options, place } from './peer.mjs';

const queue = new bullmq.Queue('mail', ...place);
await queue.waitUntilReady();

const one = () => queue.add('job', options.data);
const many = (_, batch) => queue.addBulk(Array.from({ length: batch }, () => ({ name: 'job', data: options.data })));
answer(await addForATime(options, options.batch === 1 ? one : many));
