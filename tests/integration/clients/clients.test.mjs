// Clients as their users install them, with their defaults, pointed at chatcore and otherwise unconfigured.
import assert from 'node:assert/strict';
import { test } from 'node:test';

const baseURL = `${process.env.CHATCORE_URL}/v1`;
const apiKey = 'none is asked for';

// A conversation of three turns, as a page with useChat has it: what came back is sent again.
async function converse(ai, model) {
  const messages = [];
  for (const content of ['My name is Ada.', 'What is my name?', 'Are you sure?']) {
    messages.push({ role: 'user', content });
    const answer = await ai.generateText({ model, messages, maxRetries: 0 });
    assert.ok(answer.text);
    messages.push(...answer.response.messages);
  }
  assert.equal(messages.length, 6);
}

for (const [version, sdk] of [['5', 'v2'], ['6', 'v3'], ['7', 'v4']]) {
  const ai = await import(`ai-v${version}`);
  const { createOpenAI } = await import(`@ai-sdk/openai-${sdk}`);
  const openai = createOpenAI({ baseURL, apiKey });
  const models = { responses: openai('gpt-4o-mini'), reasoning: openai('gpt-5'), chat: openai.chat('gpt-4o-mini') };
  for (const [name, model] of Object.entries(models)) {
    test(`AI SDK ${version}, ${name}: generateText with settings`, async () => {
      const answer = await ai.generateText({
        model, system: 'Be brief.', prompt: 'Hi', temperature: 0.3, maxOutputTokens: 50, seed: 1, maxRetries: 0 });
      assert.ok(answer.text);
      assert.ok(['stop', 'length'].includes(answer.finishReason));
    });
    test(`AI SDK ${version}, ${name}: streamText`, async () => {
      const answer = ai.streamText({ model, prompt: 'What is evicted first?', maxRetries: 0,
                                     onError: ({ error }) => { throw error; } });
      let text = '';
      for await (const piece of answer.textStream) text += piece;
      assert.ok(text);
      assert.ok((await answer.usage).totalTokens > 0);
    });
    test(`AI SDK ${version}, ${name}: three turns`, () => converse(ai, model));
    test(`AI SDK ${version}, ${name}: tools are offered`, async () => {
      const weather = ai.tool({ description: 'The weather', inputSchema: ai.jsonSchema({
        type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }), execute: async () => 'sunny' });
      const answer = await ai.generateText({ model, prompt: 'Hi', tools: { weather }, maxRetries: 0 });
      assert.ok(answer.text);
    });
  }
  test(`AI SDK ${version}, responses: nothing stored`, async () => {
    const providerOptions = { openai: { store: false } };
    const messages = [{ role: 'user', content: 'One' }];
    const first = await ai.generateText({ model: models.responses, messages, providerOptions, maxRetries: 0 });
    messages.push(...first.response.messages, { role: 'user', content: 'Two' });
    assert.ok((await ai.generateText({ model: models.responses, messages, providerOptions, maxRetries: 0 })).text);
  });
  test(`AI SDK ${version}: embeddings`, async () => {
    const model = openai.textEmbeddingModel ? openai.textEmbeddingModel('any') : openai.embedding('any');
    const { embeddings } = await ai.embedMany({ model, values: ['memory', 'budget'], maxRetries: 0 });
    assert.equal(embeddings.length, 2);
  });
}

const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
const { generateText } = await import('ai-v7');
const compatible = createOpenAICompatible({ name: 'chatcore', baseURL, apiKey, includeUsage: true });
test('AI SDK, OpenAI-compatible provider: chat', async () => {
  assert.ok((await generateText({ model: compatible('any'), prompt: 'Hi', maxRetries: 0 })).text);
});
test('AI SDK, OpenAI-compatible provider: text completion', async () => {
  assert.ok((await generateText({ model: compatible.completionModel('any'), prompt: 'Hi', maxRetries: 0 })).text);
});

const { ChatOpenAI, OpenAI: CompletionOpenAI, OpenAIEmbeddings } = await import('@langchain/openai');
const { AIMessage, HumanMessage, SystemMessage } = await import('@langchain/core/messages');
const langchain = (more = {}) => new ChatOpenAI({
  model: 'gpt-4o-mini', apiKey, maxRetries: 0, configuration: { baseURL }, ...more });
for (const [name, options] of [['chat', {}], ['responses', { useResponsesApi: true }],
                               ['responses, nothing stored', { useResponsesApi: true, zdrEnabled: true }],
                               ['a reasoning model', { model: 'gpt-5' }]]) {
  test(`LangChain.js, ${name}: three turns`, async () => {
    const model = langchain(options);
    const history = [new SystemMessage('Be brief.')];
    for (const question of ['My name is Ada.', 'What is my name?', 'Are you sure?']) {
      history.push(new HumanMessage(question));
      const answer = await model.invoke(history);
      assert.ok(answer.text);
      history.push(answer);
    }
  });
  test(`LangChain.js, ${name}: stream`, async () => {
    let text = '';
    for await (const piece of await langchain(options).stream('What is evicted first?')) text += piece.text;
    assert.ok(text);
  });
}
test('LangChain.js: roles in a row, stop and tools', async () => {
  const history = [new SystemMessage('a'), new HumanMessage('b'), new AIMessage('c'), new HumanMessage('d'),
                   new HumanMessage('e')];
  assert.ok((await langchain({ stop: ['END'] }).invoke(history)).text);
  const schema = { type: 'object', properties: { a: { type: 'string' } } };
  assert.ok((await langchain().bindTools([{ type: 'function', function: { name: 'w', parameters: schema } }])
    .invoke('Hi')).text);
});
test('LangChain.js: text completion', async () => {
  const model = new CompletionOpenAI({ model: 'gpt-3.5-turbo-instruct', apiKey, maxRetries: 0, configuration: { baseURL } });
  assert.ok(await model.invoke('Hi'));
});
test('LangChain.js: embeddings', async () => {
  const embeddings = new OpenAIEmbeddings({ apiKey, maxRetries: 0, configuration: { baseURL } });
  assert.equal((await embeddings.embedDocuments(['a', 'b'])).length, 2);
});

const { OpenAI: LlamaOpenAI, OpenAIEmbedding } = await import('@llamaindex/openai');
test('LlamaIndex.TS: chat, whole and streamed', async () => {
  const llm = new LlamaOpenAI({ model: 'gpt-4o-mini', apiKey, baseURL, maxRetries: 0 });
  const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi' }];
  assert.ok((await llm.chat({ messages })).message.content);
  let text = '';
  for await (const piece of await llm.chat({ messages, stream: true })) text += piece.delta;
  assert.ok(text);
});
test('LlamaIndex.TS: embeddings', async () => {
  const model = new OpenAIEmbedding({ model: 'text-embedding-3-small', apiKey, baseURL, maxRetries: 0 });
  assert.ok((await model.getTextEmbedding('memory')).length > 0);
});

const { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, setTracingDisabled, tool } =
  await import('@openai/agents');
const { default: OpenAI } = await import('openai');
setTracingDisabled(true);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
for (const [name, Model] of [['responses', OpenAIResponsesModel], ['chat', OpenAIChatCompletionsModel]]) {
  test(`OpenAI Agents SDK, ${name}: two turns with a tool on offer`, async () => {
    const { z } = await import('zod');
    const weather = tool({ name: 'weather', description: 'The weather', parameters: z.object({ city: z.string() }),
                           execute: async () => 'sunny' });
    const agent = new Agent({ name: 'Ada', instructions: 'Be brief.', model: new Model(client, 'gpt-4o-mini'),
                              tools: [weather] });
    const first = await new Runner().run(agent, 'My name is Ada.');
    assert.ok(first.finalOutput);
    const second = await new Runner().run(agent, [...first.history, { role: 'user', content: 'What is my name?' }]);
    assert.ok(second.finalOutput);
  });
}

test('openai 7: responses are read back, cancelled and counted', async () => {
  const response = await client.responses.create({ model: 'any', input: 'My name is Ada.' });
  const items = await client.responses.inputItems.list(response.id);
  assert.equal(items.data[0].content[0].text, 'My name is Ada.');
  const next = await client.responses.create({ model: 'any', previous_response_id: response.id, input: [
    { type: 'item_reference', id: response.output[0].id }, { role: 'user', content: 'What is my name?' }] });
  assert.ok(next.output_text);
  const counted = await client.responses.inputTokens.count({ model: 'any', input: 'My name is Ada.' });
  assert.ok(counted.input_tokens > 0);
  await assert.rejects(client.responses.cancel(response.id), (error) => error.status === 400);
});
test('openai 7: text completion, whole and streamed', async () => {
  assert.ok((await client.completions.create({ model: 'any', prompt: 'Hi' })).choices[0].text);
  let text = '';
  for await (const piece of await client.completions.create({ model: 'any', prompt: 'Hi', stream: true }))
    text += piece.choices[0]?.text ?? '';
  assert.ok(text);
});
