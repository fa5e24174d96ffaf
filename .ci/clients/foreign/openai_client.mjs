// OpenAI's client for Node.js against a server of ours: its address and an API key are the arguments.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const [url, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, timeout: 240_000 });
const model = 'omega/offline';
const messages = [{ role: 'user', content: 'What is the determinant of [[2,1],[1,3]]?' }];

const ids = [];
for await (const known of client.models.list()) ids.push(known.id);
assert(ids.includes('omega'));
assert.equal((await client.models.retrieve(model)).id, model);

const whole = await client.chat.completions.create({ model, messages });
const said = whole.choices[0].message.content;
assert.match(said, /(^|[^\d.])5([^\d.]|$)/);
assert.equal(whole.choices[0].finish_reason, 'stop');

let streamed = '';
let usage;
const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
for await (const chunk of stream) {
  streamed += chunk.choices[0]?.delta.content ?? '';
  usage = chunk.usage ?? usage;
}
assert(streamed.includes(said));
assert.equal(typeof usage.total_tokens, 'number');

const first = await client.responses.create({ model, input: messages[0].content });
assert.match(first.output_text, /(^|[^\d.])5([^\d.]|$)/);
const events = [];
const next = await client.responses.create({ model, input: 'And times 2?', previous_response_id: first.id, stream: true });
for await (const event of next) events.push(event);
assert.equal(events.at(-1).type, 'response.completed');
assert.equal(events.at(-1).response.conversation.id, first.conversation.id);

await assert.rejects(client.chat.completions.create({ model, messages, temperature: 0 }), (error) => {
  return error instanceof OpenAI.BadRequestError && error.param === 'temperature' && error.code === 'unsupported_value';
});
await assert.rejects(new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-wrong' }).models.list(), OpenAI.AuthenticationError);
console.log(`openai for Node.js: ${JSON.stringify(said.split('\n')[0])}`);
