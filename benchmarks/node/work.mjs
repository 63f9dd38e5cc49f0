// A worker whose processor does nothing, until the process is stopped.
import { bullmq, options, place } from './peer.mjs';

const [where, ...backend] = place;
new bullmq.Worker('mail', async () => {}, { ...where, concurrency: options.concurrency }, ...backend);
