// pg-boss; a worker that gets a full batch asks for the next at once.
import { PgBoss } from 'pg-boss';

const QUEUE = 'mail';

export async function open(url) {
  const boss = new PgBoss({ connectionString: url, max: 20 });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE);
  return {
    add: (data) => boss.send(QUEUE, data),
    addMany: (every) => boss.insert(QUEUE, every.map((data) => ({ data }))),
    work: (run, batchSize) => {
      const options = { batchSize, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
      return boss.work(QUEUE, options, async (jobs) => jobs.forEach((job) => run(job.data)));
    },
  };
}
