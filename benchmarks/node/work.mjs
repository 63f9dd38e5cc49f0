// A worker whose processor does nothing, until the process is stopped.
import { bullmq, connection, options } from './peer.mjs';

new bullmq.Worker('mail', async () => {}, { connection, concurrency: options.concurrency });
