// Applications and libraries around a language model, as their users set them up: a base URL, a key, and their defaults.
// chatcore's backend is scripted (applications_test.py): it calls a tool that is offered, and answers JSON when asked to.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

const baseURL = `${process.env.CHATCORE_URL}/v1`;
const apiKey = 'none is asked for';
const folder = mkdtempSync(join(tmpdir(), 'chatcore-applications-'));
after(() => rmSync(folder, { recursive: true }));

// --- Continue: the adapter that its extensions use for the provider "openai"

const { constructLlmApi } = await import('@continuedev/openai-adapters');
const adapter = constructLlmApi({ provider: 'openai', apiKey, apiBase: `${baseURL}/` });
const { signal } = new AbortController();
const model = 'gpt-4o-mini';

async function textOf(stream, read) {
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0] ? read(chunk.choices[0]) ?? '' : '';
  return text;
}

test('Continue: chat over three turns, whole and streamed', async () => {
  const messages = [{ role: 'system', content: 'Be brief.' }];
  for (const content of ['My name is Ada.', 'What is my name?', 'Are you sure?']) {
    messages.push({ role: 'user', content: [{ type: 'text', text: content }] });
    const whole = await adapter.chatCompletionNonStream({ model, messages, stream: false }, signal);
    assert.equal(whole.choices[0].message.content, 'Hello there.');
    const streamed = await textOf(adapter.chatCompletionStream({ model, messages, stream: true, max_tokens: 100 }, signal),
                                  (choice) => choice.delta.content);
    assert.equal(streamed, 'Hello there.');
    messages.push({ role: 'assistant', content: streamed });
  }
});
test('Continue: a tool is called and its result sent back', async () => {
  const parameters = { type: 'object', properties: { path: { type: 'string' } } };
  const tools = [{ type: 'function', function: { name: 'read_file', parameters } }];
  const messages = [{ role: 'user', content: 'Read a file' }];
  const calls = [];
  for await (const chunk of adapter.chatCompletionStream({ model, messages, tools, stream: true }, signal))
    calls.push(...(chunk.choices[0]?.delta.tool_calls ?? []));
  assert.equal(calls[0].function.name, 'read_file');
  messages.push({ role: 'assistant', content: '', tool_calls: [{ id: calls[0].id, type: 'function', function: {
    name: 'read_file', arguments: calls.map((call) => call.function.arguments ?? '').join('') } }] },
                { role: 'tool', tool_call_id: calls[0].id, content: 'its text' });
  const answer = await adapter.chatCompletionNonStream({ model, messages, tools, stream: false }, signal);
  assert.equal(answer.choices[0].message.content, 'Hello there.');
});
test('Continue: autocomplete, as a prompt and with a suffix', async () => {
  const body = { model, prompt: '<fim_prefix>int a = <fim_suffix>;<fim_middle>', max_tokens: 50, temperature: 0.01,
                 stop: ['<fim_prefix>', '\n\n'] };
  assert.equal((await adapter.completionNonStream({ ...body, stream: false }, signal)).choices[0].text, 'Hello there.');
  const stream = { ...body, stream: true };
  assert.equal(await textOf(adapter.completionStream(stream, signal), (choice) => choice.text), 'Hello there.');
  const between = { ...stream, prompt: 'int a = ', suffix: ';' };
  assert.equal(await textOf(adapter.completionStream(between, signal), (choice) => choice.text), 'between');
});
test('Continue: embeddings and models', async () => {
  assert.equal((await adapter.embed({ model, input: ['memory', 'budget'] })).data.length, 2);
  assert.ok((await adapter.list()).length > 0);
});

// --- LibreChat's engine

const { Providers, Run } = await import('@librechat/agents');
const { AIMessage, HumanMessage } = await import('@langchain/core/messages');
const { tool } = await import('@langchain/core/tools');

async function runOfLibreChat(messages, more = {}) {
  const llmConfig = { provider: Providers.OPENAI, model, apiKey, streaming: true, configuration: { baseURL },
                      ...more.llmConfig };
  const run = await Run.create({ runId: 'run', returnContent: true, graphConfig: {
    type: 'standard', instructions: 'You are a helpful assistant.', tools: more.tools, llmConfig } });
  const content = await run.processStream({ messages },
    { configurable: { thread_id: 'thread' }, streamMode: 'values', version: 'v2' });
  return content.filter((part) => part.type === 'text').map((part) => part.text).join('');
}

for (const [name, llmConfig] of [['chat', {}], ['responses', { useResponsesApi: true }]]) {
  test(`LibreChat, ${name}: three turns`, async () => {
    const messages = [];
    for (const question of ['My name is Ada.', 'What is my name?', 'Are you sure?']) {
      messages.push(new HumanMessage(question));
      const text = await runOfLibreChat(messages, { llmConfig });
      assert.equal(text, 'Hello there.');
      messages.push(new AIMessage(text));
    }
  });
  test(`LibreChat, ${name}: a tool is called and its result used`, async () => {
    let called = 0;
    const weather = tool(() => `sunny, ${called += 1}`, {
      name: 'weather', description: 'The weather',
      schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } });
    const text = await runOfLibreChat([new HumanMessage('The weather?')], { llmConfig, tools: [weather] });
    assert.match(text, /Hello there\./);
    assert.equal(called, 1);
  });
}

// --- mem0

process.env.MEM0_TELEMETRY = 'false';
process.env.MEM0_DIR = folder;
const { Memory } = await import('mem0ai/oss');

test('mem0: facts are extracted, stored and found', async () => {
  const memory = new Memory({
    embedder: { provider: 'openai', config: { apiKey, baseURL, model: 'text-embedding-3-small', embeddingDims: 384 } },
    llm: { provider: 'openai', config: { apiKey, baseURL, model } },
    vectorStore: { provider: 'memory', config: { collectionName: 'c', dimension: 384, dbPath: join(folder, 'vectors.db') } },
    historyDbPath: join(folder, 'history.db') });
  const added = await memory.add([{ role: 'user', content: 'My name is Ada.' }], { userId: 'ada' });
  assert.equal(added.results[0].memory, 'The name is Ada');
  const found = await memory.search('Who is it?', { filters: { user_id: 'ada' } });
  assert.equal(found.results[0].memory, 'The name is Ada');
});
