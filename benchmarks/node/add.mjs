// Callers that each add their next job, or bulk of jobs, when the last is stored; for a time, not a number.
import { answer, bullmq, options, place } from './peer.mjs';

const { callers, batch, seconds, warmUp, data } = options;
const queue = new bullmq.Queue('mail', ...place);
await queue.waitUntilReady();

let added = 0;
let stopping = false;

async function caller() {
  while (!stopping) {
    if (batch === 1) await queue.add('job', data);
    else await queue.addBulk(Array.from({ length: batch }, () => ({ name: 'job', data })));
    added += batch;
  }
}

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time * 1000));
const running = Promise.all(Array.from({ length: callers }, caller));
await sleep(warmUp);
const [before, began, cpu] = [added, performance.now(), process.cpuUsage()];
await sleep(seconds);
const [jobs, elapsed, used] = [added - before, performance.now() - began, process.cpuUsage(cpu)];
stopping = true;
await running;
answer({ jobs, rate: (1000 * jobs) / elapsed, cpu: (used.user + used.system) / jobs, added });
