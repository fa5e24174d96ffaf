// A model that says what the last message of a person asks it to say: as an OpenAI server speaks, and as strictly.

import assert from "node:assert/strict";
import { createServer } from "node:http";

const execute = (toolId, params) => ({ name: "registryExecuteTool", arguments: JSON.stringify({ toolId, params }) });
const sum = execute("mathjs::evaluate", { expression: "2 + 3" });

/** What is said, by what was asked and how many results of tools have come since. */
const SCRIPT = {
    "say hello": [{ text: ["Hello, ", "wörld ", "🚀."] }],
    compute: [{ thought: "I'd rather ", text: ["I compute."], call: sum }, { text: ["It is ", "five."] }],
    "hold on": [{ text: ["First ", { held: true }, "and last."] }],
    "cut yourself": [{ text: ["This is void"], cut: true }, { text: ["This stays."] }],
    fail: [{ status: 400 }],
};

/** Starts it; `release` lets go on who is held, `reset` forgets who was cut. */
export async function provider() {
    let release = () => {};
    const held = () => new Promise((resolve) => (release = resolve));
    const cut = new Set();
    const server = createServer(async (request, response) => {
        const chunks = await collect(request);
        const body = JSON.parse(Buffer.concat(chunks).toString());
        assert.equal(request.url, "/v1/chat/completions");
        assert.equal(request.headers.authorization, "Bearer test");
        assert.equal(body.stream, true);
        const asked = body.messages.findLastIndex((message) => message.role === "user");
        const text = [body.messages[asked].content].flat().map((part) => part.text ?? part).join("");
        const results = body.messages.slice(asked).filter((message) => message.role === "tool").length;
        const turns = Object.entries(SCRIPT).find(([words]) => text.includes(words))?.[1];
        assert.ok(turns, `nobody wrote what to say to ${text}`);
        let turn = turns[Math.min(results, turns.length - 1)];
        if (turn.cut && cut.has(text)) turn = turns[1];
        if (turn.cut) cut.add(text);
        if (turn.status) {
            response.writeHead(turn.status, { "content-type": "application/json" });
            return response.end(JSON.stringify({ error: { message: "this model fails", type: "invalid_request_error" } }));
        }
        response.writeHead(200, { "content-type": "text/event-stream" });
        const say = (delta, finish_reason = null) => {
            const chunk = { id: "c", object: "chat.completion.chunk", created: 0, model: body.model };
            response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
        };
        if (turn.thought) say({ role: "assistant", reasoning_content: turn.thought });
        for (const piece of turn.text) {
            if (piece.held) await held();
            else say({ content: piece });
        }
        if (turn.cut) return setTimeout(() => response.destroy(), 300);
        if (turn.call) {
            say({ tool_calls: [{ index: 0, id: "call_1", type: "function", function: turn.call }] });
        }
        say({}, turn.call ? "tool_calls" : "stop");
        const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
        response.write(`data: ${JSON.stringify({ id: "c", choices: [], usage })}\n\n`);
        response.end("data: [DONE]\n\n");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${server.address().port}/v1`, release: () => release(), close: () => server.close() };
}

async function collect(stream) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
}
