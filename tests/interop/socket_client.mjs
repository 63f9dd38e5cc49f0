// The exchange of bullmq-proxy's TypeScript client, over Node's own WebSocket: ids are UUIDs, `undefined` is null,
// the token comes last in the query, an unexpected close means opening the same URL again.
//
//   node --experimental-websocket socket_client.mjs HOST TOKEN   prints what a queue, a worker and events saw

import { randomUUID } from 'node:crypto';

const [host, token] = process.argv.slice(2);
const FINAL = [1000, 4000];

class Client {
  constructor(path, heard = () => {}, secret = token) {
    this.url = `${host}${path}${path.includes('?') ? '&' : '?'}token=${secret}`;
    this.heard = heard;
    this.replies = new Map();
    this.codes = [];
    this.open();
  }

  open() {
    this.socket = new WebSocket(this.url);
    this.ready = new Promise((resolve) => this.socket.addEventListener('open', resolve, { once: true }));
    this.socket.addEventListener('message', ({ data }) => this.receive(JSON.parse(data)));
    this.ended = new Promise((resolve) =>
      this.socket.addEventListener('close', ({ code }) => {
        this.codes.push(code);
        resolve(code);
        if (!FINAL.includes(code)) setTimeout(() => this.open(), 50);
      }),
    );
  }

  receive({ id, data }) {
    const settle = this.replies.get(id);
    if (!settle) return this.heard(this, id, data);
    this.replies.delete(id);
    return settle(data);
  }

  async call(fn, ...args) {
    await this.ready;
    const id = randomUUID();
    const reply = new Promise((resolve) => this.replies.set(id, resolve));
    this.socket.send(JSON.stringify({ id, data: { fn, args: args.map((one) => one ?? null) } }));
    const { ok, err } = await reply;
    if (err) throw new Error(err.message);
    return ok;
  }
}

const seen = { events: [], jobs: [] };
const enough = new Promise((resolve) => (seen.resolve = resolve));

const queue = new Client('/queues/test');
const events = new Client(`/queues/test/events?events=${encodeURIComponent('completed,failed')}`, (_, id, data) => {
  seen.events.push([id, data.event, ...data.args]);
  if (seen.events.length === 2) seen.resolve();
});
await events.call('on');
const added = await queue.call('add', 'test', { foo: 'bär' }, undefined);
await queue.call('add', 'test', { broken: true, filler: 'x'.repeat(5000) }, { attempts: 1 });
const refused = await queue.call('add', 'test', {}, { jobId: '7' }).catch((error) => error.message);
const counts = await queue.call('getJobCounts', 'waiting', 'delayed');
new Client('/queues/test/process/2', (client, id, { type, payload }) => {
  seen.jobs.push([id, type, payload.foo ?? payload.filler.length]);
  const fault = { message: 'broken', stack: 'Error: broken' };
  client.socket.send(JSON.stringify({ id, data: payload.broken ? { err: fault } : { result: payload.foo || null } }));
});
await enough;
const jobs = await queue.call('getJobs', 'failed', 0, 10, false);
const stranger = new Client('/queues/test', undefined, 'wrong');
const code = await stranger.ended;
console.log(JSON.stringify({ added, refused, counts, events: seen.events, jobs: seen.jobs, failed: jobs, code }));
process.exit(0);
