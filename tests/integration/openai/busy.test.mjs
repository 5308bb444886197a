// Against a server that answers slowly and one request at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { collect, connect, fails, url } from './client.mjs';

const client = connect();
const question = 'Tell me about a subject that needs many words so that the answer is still under way';

async function metric(name) {
  const page = await (await fetch(`${url}/metrics`)).text();
  return Number(page.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
}

// Until the value is there; the test runner's own time limit is the bound.
async function until(condition) {
  for (;;) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

// A stream that has begun.
async function begun() {
  const stream = await client.responses.create({ model: 'any', input: question, stream: true });
  const events = stream[Symbol.asyncIterator]();
  for (;;) {
    const { value } = await events.next();
    if (value.type === 'response.output_text.delta') return { stream, events };
  }
}

test('an aborted stream cancels the generation, and what there was is kept and marked', async () => {
  const { id } = await client.conversations.create();
  const stream = await client.responses.create({ model: 'any', input: question, conversation: id, stream: true });
  let item;
  for await (const event of stream) {
    if (event.type !== 'response.output_text.delta') continue;
    item = event.item_id;
    stream.controller.abort();
  }
  // While it ends, the one place is still taken, and looking is refused.
  const kept = await until(async () => {
    const items = await collect(client.conversations.items.list(id)).catch(() => []);
    return items.find((entry) => entry.id === item);
  });
  assert.equal(kept.status, 'incomplete');
  assert.match(kept.content[0].text, /^I /);
  assert.ok(!kept.content[0].text.includes('under way'));
  assert.equal(await metric('chatcore_streams_cancelled_total'), 1);
});

test('a busy server refuses with the time to come back, and the client comes back', async () => {
  const { stream } = await begun();
  await fails(client.responses.create({ model: 'any', input: 'x' }), OpenAI.InternalServerError);
  // The first attempt is refused, and the place is free by the second.
  const began = Date.now();
  const patient = connect({ maxRetries: 3 }).responses.create({ model: 'any', input: 'x', max_output_tokens: 5 });
  await until(async () => await metric('chatcore_requests_shed_total{reason="turns"}') >= 2);
  stream.controller.abort();
  assert.match((await patient).output_text, /^I /);
  assert.ok(Date.now() - began >= 1900, 'the client waited as Retry-After says');
});
