// Every class of error that the client has, from a server whose backend does what the question's last word says and
// whose database another server shares. docs/api.md has the table of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI, * as everything from 'openai';
import { connect, fails } from './client.mjs';

const client = connect();
const other = connect({}, process.env.CHATCORE_OTHER_URL);
const ask = (input, more = {}, options = {}) => client.responses.create({ model: 'any', input, ...more }, options);
const complete = (content, more = {}) =>
  client.chat.completions.create({ model: 'any', messages: [{ role: 'user', content }], ...more });

// Reads on until the stream fails, with what the client had of it by then.
async function failure(stream) {
  let text = '';
  try {
    for await (const event of stream) text += event.delta ?? event.choices?.[0]?.delta?.content ?? '';
  } catch (error) {
    return { error, text };
  }
  return assert.fail(`the stream ended well: ${text}`);
}

test('400, 404, 405', async () => {
  await fails(ask([]), OpenAI.BadRequestError, { status: 400, param: 'input' });
  await fails(client.conversations.retrieve('conv_unknown'), OpenAI.NotFoundError, { status: 404 });
  await fails(client.put('/models'), OpenAI.APIError, { status: 405 });
});

test('409: of two writers of one conversation one wins, and the other may come again', async () => {
  const { id } = await client.conversations.create();
  await ask('Hello', { conversation: id });
  await other.responses.create({ model: 'any', input: 'Hello', conversation: id });
  // The question is stored, and its answer on its way.
  const stream = await ask('Say something and pause', { conversation: id, stream: true });
  // Not by `for await`: leaving such a loop cancels the stream, and the other then races with the end of the answer.
  const events = stream[Symbol.asyncIterator]();
  while ((await events.next()).value.type !== 'response.output_text.delta') continue;
  const late = other.responses.create({ model: 'any', input: 'Me too', conversation: id });
  await fails(late, OpenAI.ConflictError, { status: 409, code: 'conflict' });
  assert.ok(Number((await late.catch((error) => error)).headers.get('retry-after')) > 0);
  stream.controller.abort();
});

test('413, 415, 431', async () => {
  await fails(ask('x'.repeat(100_000)), OpenAI.APIError, { status: 413, code: 'too_large' });
  await fails(ask('x', {}, { headers: { 'Content-Type': 'text/plain' } }), OpenAI.APIError, { status: 415 });
  await fails(ask('x', {}, { headers: { 'X-Long': 'x'.repeat(60_000) } }), OpenAI.APIError, { status: 431 });
});

test('400, 502, 503, 504: the backend refuses the request, or this server, fails, does not answer in time', async () => {
  for (const [word, kind, status, code] of [
    ['refuse', OpenAI.BadRequestError, 400, 'backend_refused'], ['deny', OpenAI.InternalServerError, 502, 'backend_refused'],
    ['fail', OpenAI.InternalServerError, 503, 'unavailable'], ['hang', OpenAI.InternalServerError, 504, 'backend_timeout'],
  ]) {
    for (const stream of [false, true]) {
      await fails(ask(word, { stream }), kind, { status, code });
      await fails(complete(word, { stream }), kind, { status, code });
    }
  }
});

test('an answer that breaks off is an error in its stream, after what came of it', async () => {
  const { error, text } = await failure(await complete('break', { stream: true }));
  assert.ok(error instanceof OpenAI.APIError, String(error));
  assert.equal(error.code, 'unavailable');
  assert.equal(text, 'Half an ');
  const events = [];
  for await (const event of await ask('break', { stream: true })) events.push(event);
  assert.equal(events.at(-1).type, 'response.failed');
  assert.equal(events.at(-1).response.error.code, 'server_error');
});

test('no server, one that is too slow for the client, and a client that changes its mind', async () => {
  const nobody = connect({}, 'http://127.0.0.1:1');
  await assert.rejects(nobody.models.list(), OpenAI.APIConnectionError);
  await assert.rejects(ask('hang', {}, { timeout: 50 }), OpenAI.APIConnectionTimeoutError);
  const controller = new AbortController();
  const leaving = ask('hang', {}, { signal: controller.signal });
  controller.abort();
  await assert.rejects(leaving, OpenAI.APIUserAbortError);
});

test('the helper that parses gets what the backend makes of its response_format, and has errors of its own', async () => {
  const parse = (content) => connect().chat.completions.parse({
    model: 'any', messages: [{ role: 'user', content }],
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } },
  });
  assert.equal((await parse('json')).choices[0].finish_reason, 'stop');
  await assert.rejects(parse('long'), (error) => error.constructor.name === 'LengthFinishReasonError');
  await assert.rejects(parse('filtered'), (error) => error.constructor.name === 'ContentFilterFinishReasonError');
});

test('tools are called by way of the backend', async () => {
  const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
  const whole = await complete('call', { tools });
  assert.equal(whole.choices[0].finish_reason, 'tool_calls');
  assert.deepEqual(whole.choices[0].message.tool_calls,
    [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"x": 1}' } }]);
  const runner = client.chat.completions.stream(
    { model: 'any', messages: [{ role: 'user', content: 'call' }], tools });
  const calls = (await runner.finalChatCompletion()).choices[0].message.tool_calls;
  assert.equal(calls[0].function.arguments, '{"x": 1}');
  const messages = [{ role: 'user', content: 'call' }, whole.choices[0].message,
    { role: 'tool', tool_call_id: 'c1', content: 'result' }];
  const after = await client.chat.completions.create({ model: 'any', messages, tools });
  assert.equal(after.choices[0].message.content, 'Fine.');
});

test('no class of error is left out', () => {
  const shown = {
    here: ['APIError', 'APIConnectionError', 'APIConnectionTimeoutError', 'APIUserAbortError', 'BadRequestError', 'ConflictError',
      'InternalServerError', 'NotFoundError'],
    keys: ['AuthenticationError', 'PermissionDeniedError', 'RateLimitError'],  // keys.test.mjs
    // Of these docs/api.md says why.
    never: ['OpenAIError', 'UnprocessableEntityError', 'OAuthError', 'SubjectTokenProviderError', 'InvalidWebhookSignatureError'],
  };
  const classes = Object.entries(everything)
    .filter(([name, value]) => typeof value === 'function' && value.prototype instanceof Error)
    .map(([name]) => name);
  assert.deepEqual(classes.sort(), Object.values(shown).flat().sort());
});
