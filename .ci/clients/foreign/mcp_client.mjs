// The official MCP client for Node.js against a server of ours: its address and an API key are the arguments.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, key] = process.argv.slice(2);
const connect = async (headers) => {
  const client = new Client({ name: 'a test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
  return client;
};
const client = await connect({ Authorization: `Bearer ${key}` });
const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name), ['ask', 'search', 'execute']);
const found = await client.callTool({ name: 'search', arguments: { query: 'determinant of a matrix' } });
assert(found.structuredContent.tools.some((tool) => tool.toolId === 'mathjs::evaluate'));
const steps = [];
const asked = { name: 'ask', arguments: { message: 'What is the determinant of [[2,1],[1,3]]?', model: 'omega/offline' } };
const answer = await client.callTool(asked, undefined, {
  onprogress: (step) => steps.push(step.message),
  resetTimeoutOnProgress: true,
  timeout: 240_000,
});
assert.match(answer.content[0].text, /(^|[^\d.])5([^\d.]|$)/);
assert(steps.length > 0);
const { resourceTemplates } = await client.listResourceTemplates();
assert.equal(resourceTemplates[0].uriTemplate, 'omega://conversations/{id}');
const read = await client.readResource({ uri: answer.structuredContent.resource });
assert.match(read.contents[0].text, /determinant/);
const refused = await client.callTool({ name: 'execute', arguments: { toolId: 'mathjs::nothing' } });
assert.equal(refused.isError, true);
await client.close();
await assert.rejects(connect({}), /Missing authorization/);
console.log(`@modelcontextprotocol/sdk: ${steps.length} steps`);
