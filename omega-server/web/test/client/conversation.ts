// A streaming conversation by a client that is generated from the API's description: URL and API key are the arguments.
// `.ci/clients/run` runs it against a server.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import { FrameParser } from "../../src/sse";
import type { components, paths } from "../../src/openapi";

type Envelope = components["schemas"]["Envelope"];

const [baseUrl = "", key = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

const made = await client.POST("/api/omega/conversations", { body: { model: "omega/offline" } });
assert.ok(made.data, JSON.stringify(made.error));
const params = { path: { id: made.data.data.id } };

const sent = await client.POST("/api/omega/conversations/{id}/messages", {
  params,
  body: { message: "What is the determinant of [[2,1],[1,3]]?" },
  headers: { Accept: "text/event-stream" },
  parseAs: "stream",
  signal: AbortSignal.timeout(240_000),
});
assert.ok(sent.response.ok && sent.data, JSON.stringify(sent.error));
const events: Envelope[] = [];
const frames = new FrameParser();
const body = sent.data as unknown as ReadableStream<Uint8Array<ArrayBuffer>>;
for await (const text of body.pipeThrough(new TextDecoderStream())) {
  for (const frame of frames.push(text)) events.push(JSON.parse(frame.data) as Envelope);
}

const outputs = events.flatMap((event) => (event.type === "run.step.tool.completed" ? [event.output] : []));
assert.ok(outputs.includes(5), JSON.stringify(outputs));
assert.ok(events.some((event) => event.type === "message.delta"), "the answer came in pieces");
const last = events.at(-1);
assert.ok(last?.type === "run.completed" && last.answer.includes("5"), JSON.stringify(last));
const read = await client.GET("/api/omega/conversations/{id}", { params });
assert.ok(read.data, JSON.stringify(read.error));
assert.equal(read.data.data.messages[0]?.role, "user");
assert.equal(read.data.data.runs.length, 1);
console.log(`TypeScript: ${events.length} events, ${JSON.stringify(last.answer.split("\n")[0])}`);
