import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { collect, connect, fails } from './client.mjs';

const client = connect();
const ask = (input, more = {}) => client.responses.create({ model: 'any', input, ...more });
const itemsOf = (id, query) => collect(client.conversations.items.list(id, query));
const textsOf = (items) => items.map((item) => item.content[0].text);

test('a response, whole', async () => {
  const response = await ask('Hello', { metadata: { topic: 'greeting' }, temperature: 0.5 });
  assert.match(response.id, /^resp_/);
  assert.equal(response.status, 'completed');
  assert.match(response.output_text, /Hello/);
  assert.equal(response.output[0].content[0].type, 'output_text');
  assert.deepEqual(response.metadata, { topic: 'greeting' });
  assert.equal(response.temperature, 0.5);
  assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
  assert.equal(response.conversation, null);
});

test('a streamed response has the events in their order', async () => {
  const events = await collect(await ask('Hello', { stream: true }));
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, i) => i));
  const types = events.map((event) => event.type).filter((type, i, all) => type !== all[i - 1]);
  assert.deepEqual(types, [
    'response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added',
    'response.output_text.delta', 'response.output_text.done', 'response.content_part.done',
    'response.output_item.done', 'response.completed',
  ]);
  const text = events.filter((event) => event.delta).map((event) => event.delta).join('');
  const { response } = events.at(-1);
  assert.equal(response.output[0].content[0].text, text);
  assert.equal(new Set(events.filter((event) => event.item_id).map((event) => event.item_id)).size, 1);
  assert.equal((await client.responses.retrieve(response.id)).output[0].id, response.output[0].id);
});

test('an answer that met its bound is incomplete, whole and streamed, and kept so', async () => {
  const { id } = await client.conversations.create();
  const whole = await ask('Hello', { max_output_tokens: 3, conversation: id });
  const events = await collect(await ask('Hello', { max_output_tokens: 3, stream: true }));
  assert.equal(events.at(-1).type, 'response.incomplete');
  for (const response of [whole, events.at(-1).response]) {
    assert.equal(response.status, 'incomplete');
    assert.deepEqual(response.incomplete_details, { reason: 'max_output_tokens' });
    assert.equal(response.output[0].status, 'incomplete');
  }
  assert.equal((await itemsOf(id))[0].status, 'incomplete');
  assert.equal((await ask('Hello', { max_output_tokens: 500 })).status, 'completed');
});

test('the helper that gathers a stream understands it', async () => {
  const response = await client.responses.stream({ model: 'any', input: 'Hello' }).finalResponse();
  assert.equal(response.status, 'completed');
  assert.match(response.output_text, /Hello/);
});

test('a conversation across two responses, and its items', async () => {
  const conversation = await client.conversations.create({ metadata: { owner: 'test' } });
  assert.match(conversation.id, /^conv_/);
  const first = await ask('First question', { conversation: conversation.id });
  const second = await ask([{ role: 'user', content: [{ type: 'input_text', text: 'Second question' }] }],
    { conversation: { id: conversation.id }, instructions: 'Be brief.', stream: true });
  const last = (await collect(second)).at(-1).response;
  assert.equal(last.conversation.id, conversation.id);
  assert.ok(last.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens);

  const items = await itemsOf(conversation.id, { order: 'asc' });
  assert.deepEqual(items.map((item) => item.role), ['user', 'assistant', 'user', 'assistant']);
  assert.deepEqual(textsOf(items), ['First question', first.output_text, 'Second question', last.output[0].content[0].text]);
  assert.equal(items[3].id, last.output[0].id);
  const paged = await itemsOf(conversation.id, { limit: 1 });
  assert.deepEqual(paged, [...items].reverse());
});

test('items are added, found, deleted', async () => {
  const { id } = await client.conversations.create({ items: [{ role: 'system', content: 'Be nice.' }] });
  const added = await client.conversations.items.create(id, {
    items: [{ role: 'user', content: 'One' }, { role: 'assistant', content: 'Two' }],
  });
  assert.deepEqual(textsOf(added.data), ['One', 'Two']);
  const [system, one, two] = await itemsOf(id, { order: 'asc' });
  assert.deepEqual(await client.conversations.items.retrieve(one.id, { conversation_id: id }), one);
  assert.equal((await client.conversations.items.delete(one.id, { conversation_id: id })).id, id);
  await fails(client.conversations.items.retrieve(one.id, { conversation_id: id }), OpenAI.NotFoundError);
  assert.deepEqual(await itemsOf(id, { order: 'asc' }), [system, two]);
  await ask('Three', { conversation: id });
  assert.deepEqual((await itemsOf(id, { order: 'asc' })).length, 4);
});

test('a conversation is described, changed, deleted', async () => {
  const { id, created_at } = await client.conversations.create({ metadata: { a: '1' } });
  assert.deepEqual(await client.conversations.retrieve(id),
    { id, object: 'conversation', created_at, metadata: { a: '1' } });
  assert.deepEqual((await client.conversations.update(id, { metadata: { b: '2' } })).metadata, { b: '2' });
  await ask('Hello', { conversation: id });
  assert.deepEqual(await client.conversations.delete(id), { id, object: 'conversation.deleted', deleted: true });
  await fails(client.conversations.retrieve(id), OpenAI.NotFoundError);
  await fails(itemsOf(id), OpenAI.NotFoundError);
  await fails(ask('Again', { conversation: id }), OpenAI.NotFoundError);
});

test('a chain goes on from its newest answer, and forks from an older one', async () => {
  const first = await ask('Question A');
  const second = await ask('Question B', { previous_response_id: first.id });
  const third = await ask('Question C', { previous_response_id: second.id });
  assert.equal(third.previous_response_id, second.id);
  assert.ok(first.usage.input_tokens < second.usage.input_tokens);
  assert.ok(second.usage.input_tokens < third.usage.input_tokens);
  const fork = await ask('Question D', { previous_response_id: first.id });
  assert.equal(fork.usage.input_tokens, second.usage.input_tokens);
  const after = await ask('Question E', { previous_response_id: fork.id });
  assert.equal(after.usage.input_tokens, third.usage.input_tokens);
});

test('two that go on from one answer at once both see that answer and not each other', async () => {
  const first = await ask('Question A');
  const both = await Promise.all(['Question B', 'Question C'].map((q) => ask(q, { previous_response_id: first.id })));
  assert.equal(both[0].usage.input_tokens, both[1].usage.input_tokens);
});

test('going on from an answer in a conversation leaves the conversation alone', async () => {
  const { id } = await client.conversations.create();
  const first = await ask('Question A', { conversation: id });
  const second = await ask('Question B', { previous_response_id: first.id });
  assert.ok(second.usage.input_tokens > first.usage.input_tokens);
  assert.equal((await itemsOf(id)).length, 2);
});

test('what is not to be stored is not, and still knows what came before', async () => {
  const first = await ask('Question A');
  const second = await ask('Question B', { previous_response_id: first.id, store: false });
  assert.ok(second.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens);
  await fails(client.responses.retrieve(second.id), OpenAI.NotFoundError);
});

test('a stored response comes whole and not as a stream, which is said', async () => {
  const { id } = await ask('Question A');
  await fails(client.responses.retrieve(id, { stream: true }), OpenAI.BadRequestError, { param: 'stream' });
});

test('a response is deleted', async () => {
  const first = await ask('Question A');
  await client.responses.delete(first.id);
  await fails(client.responses.retrieve(first.id), OpenAI.NotFoundError, { code: 'response_not_found' });
  await fails(ask('Question B', { previous_response_id: first.id }), OpenAI.NotFoundError);
});

test('what cannot be done is refused by name', async () => {
  await fails(ask('x', { tools: [{ type: 'web_search' }], tool_choice: 'required' }), OpenAI.BadRequestError,
    { param: 'tool_choice' });
  await fails(ask('x', { background: true }), OpenAI.BadRequestError, { param: 'background' });
  await fails(ask([{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }]), OpenAI.BadRequestError,
    { param: 'input[0].content[0].type' });
  await fails(ask('x', { conversation: 'a', previous_response_id: 'b' }), OpenAI.BadRequestError);
  await fails(client.post('/nowhere'), OpenAI.NotFoundError);
});
