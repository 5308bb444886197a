import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { collect, connect, fails } from './client.mjs';

const client = connect();
const messages = [
  { role: 'developer', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'text', text: 'Hello' }, { type: 'text', text: ' there' }] },
];

test('a completion', async () => {
  const completion = await client.chat.completions.create({ model: 'any', messages });
  assert.equal(completion.object, 'chat.completion');
  assert.equal(completion.choices[0].message.role, 'assistant');
  assert.match(completion.choices[0].message.content, /Hello there/);
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.equal(completion.usage.total_tokens, completion.usage.prompt_tokens + completion.usage.completion_tokens);
  assert.match(completion._request_id, /^req_/);
});

test('a streamed completion is the same text, and counts tokens when asked', async () => {
  const whole = await client.chat.completions.create({ model: 'any', messages });
  const chunks = await collect(await client.chat.completions.create({
    model: 'any', messages, stream: true, stream_options: { include_usage: true },
  }));
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.deepEqual(chunks.at(-1).usage, whole.usage);
});

test('an answer that met its bound says so, whole and streamed', async () => {
  const whole = await client.chat.completions.create({ model: 'any', messages, max_completion_tokens: 3 });
  assert.equal(whole.choices[0].finish_reason, 'length');
  assert.ok(whole.usage.completion_tokens <= 3);
  const chunks = await collect(await client.chat.completions.create({ model: 'any', messages, max_tokens: 3, stream: true }));
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'length');
  const roomy = await client.chat.completions.create({ model: 'any', messages, max_tokens: 500 });
  assert.equal(roomy.choices[0].finish_reason, 'stop');
});

test('the helper that gathers a stream understands it', async () => {
  const runner = client.chat.completions.stream({ model: 'any', messages });
  const completion = await runner.finalChatCompletion();
  assert.match(completion.choices[0].message.content, /Hello there/);
});

test('what cannot be done is refused by name', async () => {
  const ask = (more) => client.chat.completions.create({ model: 'any', messages, ...more });
  await fails(ask({ n: 2 }), OpenAI.BadRequestError, { code: 'unsupported_parameter', param: 'n' });
  const tools = [{ type: 'function', function: { name: 'f' } }];
  await fails(ask({ tools, tool_choice: 'required' }), OpenAI.BadRequestError, { param: 'tool_choice' });
  await fails(ask({ response_format: { type: 'json_object' } }), OpenAI.BadRequestError, { param: 'response_format' });
  await fails(ask({ messages: [] }), OpenAI.BadRequestError, { param: 'messages' });
  await fails(ask({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }),
    OpenAI.BadRequestError, { param: 'messages[0].content[0].type' });
});

test('tools that are offered need not be used, and an answer stops where it is told to', async () => {
  const tools = [{ type: 'function', function: { name: 'f' } }];
  const offered = await client.chat.completions.create({ model: 'any', messages, tools, tool_choice: 'auto' });
  assert.equal(offered.choices[0].finish_reason, 'stop');
  const stopped = await client.chat.completions.create({ model: 'any', messages, stop: ['nothing'] });
  assert.doesNotMatch(stopped.choices[0].message.content, /nothing/);
});

test('models are listed and found by name', async () => {
  const models = await collect(client.models.list());
  assert.equal(models.length, 1);
  assert.equal((await client.models.retrieve(models[0].id)).id, models[0].id);
  await fails(client.models.retrieve('maker/unknown'), OpenAI.NotFoundError, { code: 'model_not_found' });
});

test('embeddings: the client asks for base64 by itself, and gets the numbers it gets as floats', async () => {
  const input = ['memory budget', 'eviction of conversations'];
  const packed = await client.embeddings.create({ model: 'any', input });
  const plain = await client.embeddings.create({ model: 'any', input, encoding_format: 'float' });
  assert.equal(packed.data.length, 2);
  assert.deepEqual(packed.data.map((entry) => entry.index), [0, 1]);
  for (const i of [0, 1]) {
    const length = Math.hypot(...plain.data[i].embedding);
    assert.ok(Math.abs(length - 1) < 1e-4, `length ${length}`);
    assert.deepEqual(Array.from(packed.data[i].embedding), plain.data[i].embedding.map(Math.fround));
  }
  assert.ok(packed.usage.total_tokens > 0);
});

test('embeddings: bounds', async () => {
  const embed = (more) => client.embeddings.create({ model: 'any', input: 'x', ...more });
  await fails(embed({ input: [1, 2, 3] }), OpenAI.BadRequestError, { code: 'unsupported_input' });
  await fails(embed({ input: [[1], [2]] }), OpenAI.BadRequestError, { code: 'unsupported_input' });
  await fails(embed({ input: [] }), OpenAI.BadRequestError, { param: 'input' });
  await fails(embed({ dimensions: 7 }), OpenAI.BadRequestError, { param: 'dimensions' });
  const { data } = await embed();
  assert.equal((await embed({ dimensions: data[0].embedding.length })).data.length, 1);
});
