// Milliseconds from the call of add to the start of the handler; queue and worker in one process, one job at a time.
import { answer, bullmq, options, place } from './peer.mjs';

const { jobs, pause, warmUp, data } = options;
const latencies = [];
let sent = 0;
let done;

const handler = async () => {
  latencies.push(performance.now() - sent);
  done();
};
const queue = new bullmq.Queue('mail', ...place);
const [where, ...backend] = place;
const worker = new bullmq.Worker('mail', handler, { ...where, concurrency: 100 }, ...backend);
await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
for (let job = 0; job < warmUp + jobs; job += 1) {
  const handled = new Promise((resolve) => (done = resolve));
  sent = performance.now();
  await Promise.all([queue.add('job', data), handled]);
  await new Promise((resolve) => setTimeout(resolve, pause));
}
answer({ latencies: latencies.slice(warmUp) });
