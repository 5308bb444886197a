// Tools and structured answers by a backend (scripted_backend.py), with the clients' defaults: most of them use responses.
import assert from 'node:assert/strict';
import { test } from 'node:test';

const baseURL = `${process.env.CHATCORE_URL}/v1`;
const apiKey = 'none is asked for';
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'],
                 additionalProperties: false };
const inputs = [];
const execute = async (input) => { inputs.push(input); return 'sunny'; };

// Three turns, each with a call of the tool, which sends the whole history or references to it.
async function converse(ai, model, generate, providerOptions) {
  const weather = ai.tool({ description: 'The weather', inputSchema: ai.jsonSchema(schema), execute });
  const stopWhen = (ai.stepCountIs ?? ai.isStepCount)(3);
  const messages = [];
  for (const content of ['The weather?', 'And now?', 'And now?']) {
    messages.push({ role: 'user', content });
    inputs.length = 0;
    const answer = await generate({ model, messages, tools: { weather }, stopWhen, providerOptions, maxRetries: 0 });
    assert.equal(answer.text, 'Hello there.');
    assert.deepEqual(inputs, [{ city: 'Paris' }]);
    messages.push(...answer.messages);
  }
}

for (const [version, sdk] of [['5', 'v2'], ['6', 'v3'], ['7', 'v4']]) {
  const ai = await import(`ai-v${version}`);
  const { createOpenAI } = await import(`@ai-sdk/openai-${sdk}`);
  const openai = createOpenAI({ baseURL, apiKey });
  const whole = async (options) => {
    const answer = await ai.generateText(options);
    return { text: answer.text, messages: answer.response.messages };
  };
  const streamed = async (options) => {
    const answer = ai.streamText({ ...options, onError: ({ error }) => { throw error; } });
    return { text: await answer.text, messages: (await answer.response).messages };
  };
  for (const [name, model] of [['responses', openai('gpt-4o-mini')], ['chat', openai.chat('gpt-4o-mini')]]) {
    test(`AI SDK ${version}, ${name}: tools, whole`, () => converse(ai, model, whole));
    test(`AI SDK ${version}, ${name}: tools, streamed`, () => converse(ai, model, streamed));
  }
  test(`AI SDK ${version}, responses: tools, nothing stored`,
       () => converse(ai, openai('gpt-4o-mini'), whole, { openai: { store: false } }));
  test(`AI SDK ${version}, responses: an object`, async () => {
    const answer = await ai.generateObject({ model: openai('gpt-4o-mini'), schema: ai.jsonSchema(schema), prompt: 'Where?',
                                             maxRetries: 0 });
    assert.deepEqual(answer.object, { city: 'Paris' });
  });
}

const { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, setTracingDisabled, tool } =
  await import('@openai/agents');
const { default: OpenAI } = await import('openai');
const { z } = await import('zod');
setTracingDisabled(true);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
for (const [name, Model] of [['responses', OpenAIResponsesModel], ['chat', OpenAIChatCompletionsModel]]) {
  for (const stream of [false, true]) {
    test(`OpenAI Agents SDK, ${name}: a tool in two turns${stream ? ', streamed' : ''}`, async () => {
      const weather = tool({ name: 'weather', description: 'The weather', parameters: z.object({ city: z.string() }), execute });
      const agent = new Agent({ name: 'Ada', instructions: 'Be brief.', model: new Model(client, 'gpt-4o-mini'),
                                tools: [weather] });
      let input = [];
      for (const content of ['The weather?', 'And now?']) {
        const result = await new Runner().run(agent, [...input, { role: 'user', content }], { stream });
        if (stream) await result.completed;
        assert.equal(result.finalOutput, 'Hello there.');
        input = result.history;
      }
    });
  }
}

const { ChatOpenAI } = await import('@langchain/openai');
const { HumanMessage, ToolMessage } = await import('@langchain/core/messages');
for (const [name, more] of [['chat', {}], ['responses', { useResponsesApi: true }]]) {
  test(`LangChain.js, ${name}: a tool is called and its result sent back`, async () => {
    const model = new ChatOpenAI({ model: 'gpt-4o-mini', apiKey, maxRetries: 0, configuration: { baseURL }, ...more })
      .bindTools([{ type: 'function', function: { name: 'weather', parameters: schema } }]);
    const history = [new HumanMessage('The weather?')];
    const first = await model.invoke(history);
    assert.deepEqual(first.tool_calls[0].args, { city: 'Paris' });
    history.push(first, new ToolMessage({ content: 'sunny', tool_call_id: first.tool_calls[0].id }));
    assert.equal((await model.invoke(history)).text, 'Hello there.');
  });
}

test('openai 7, responses: a call streamed, and its output sent back', async () => {
  const tools = [{ type: 'function', name: 'weather', parameters: schema, strict: true }];
  const input = [{ role: 'user', content: 'The weather?' }];
  const stream = client.responses.stream({ model: 'any', input, tools });
  const types = [];
  for await (const event of stream) types.push(event.type);
  const response = await stream.finalResponse();
  assert.ok(types.includes('response.function_call_arguments.done'));
  assert.deepEqual(JSON.parse(response.output[0].arguments), { city: 'Paris' });
  input.push(...response.output, { type: 'function_call_output', call_id: response.output[0].call_id, output: 'sunny' });
  assert.equal((await client.responses.create({ model: 'any', input, tools })).output_text, 'Hello there.');
  await assert.rejects(client.responses.create({ model: 'any', input: input.slice(-1), tools,
                                                 previous_response_id: response.id }), (error) => error.status === 400);
});
