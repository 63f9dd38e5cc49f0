// graphile-worker, with its local queue and its batches of completions, as its page on performance has it.
import { Logger, makeWorkerUtils, run as runWorker } from 'graphile-worker';
import pg from 'pg';

const TASK = 'mail';
const CONCURRENCY = 24;
const logger = new Logger(() => (level, message) => level === 'error' && console.error(message));

export async function open(url) {
  const pgPool = new pg.Pool({ connectionString: url, max: CONCURRENCY + 1 });
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  return {
    add: (data) => utils.addJob(TASK, data),
    addMany: (every) => utils.addJobs(every.map((payload) => ({ identifier: TASK, payload }))),
    work: (run, size) => {
      const batches = { localQueue: { size }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
      const worker = { concurrentJobs: CONCURRENCY, ...batches };
      const taskList = { [TASK]: async (data) => void run(data) };
      return runWorker({ pgPool, logger, noHandleSignals: true, taskList, preset: { worker } });
    },
  };
}
