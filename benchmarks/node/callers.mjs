// Callers that each add their next job, or bulk of jobs, when the last is stored; for a time, not a number.
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time * 1000));

// `add` is given how many jobs there were before, and how many to add. The answer of a benchmark that adds jobs.
export async function addForATime({ callers, batch, seconds, warmUp }, add) {
  let begun = 0;
  let added = 0;
  let stopping = false;
  async function caller() {
    while (!stopping) {
      begun += batch;
      await add(begun - batch, batch);
      added += batch;
    }
  }
  const running = Promise.all(Array.from({ length: callers }, caller));
  await sleep(warmUp);
  const [before, began, cpu] = [added, performance.now(), process.cpuUsage()];
  await sleep(seconds);
  const [jobs, elapsed, used] = [added - before, performance.now() - began, process.cpuUsage(cpu)];
  stopping = true;
  await running;
  return { jobs, rate: (1000 * jobs) / elapsed, cpu: (used.user + used.system) / jobs, added };
}
