// useChat of two majors of the AI SDK, and assistant-ui, against a real server; the program is the argument.

import assert from "node:assert/strict";
import { createElement as h } from "react";
import TestRenderer from "react-test-renderer";
import * as sdk7 from "ai";
import * as sdk6 from "ai-6";
import { useChat as useChat7 } from "@ai-sdk/react";
import { useChat as useChat6 } from "@ai-sdk/react-6";
import { AssistantRuntimeProvider } from "@assistant-ui/react";
import { AssistantChatTransport, useChatRuntime } from "@assistant-ui/react-ai-sdk";
import { ORIGIN, start } from "./server.mjs";

// It says so at each use; nothing else draws without a browser.
const say = console.error;
console.error = (...words) => String(words[0]).includes("react-test-renderer is deprecated") || say(...words);

const omega = await start(process.argv[2]);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for something that must happen. */
async function until(what, happens) {
    for (let left = 6000; left > 0; left--) {
        if (happens()) return;
        await wait(10);
    }
    throw new Error(`${what}: not within a minute\n${omega.log()}`);
}

/** A component's hook, as it is now. */
async function hook(use) {
    const now = {};
    const Probe = () => {
        now.current = use();
        return null;
    };
    const root = TestRenderer.create(h(Probe));
    await until("it is drawn", () => now.current);
    return { get now() { return now.current; }, leave: () => root.unmount() };
}

const words = (message) => message.parts.filter((part) => part.type === "text").map((part) => part.text);
const tools = (message) => message.parts.filter((part) => part.type === "dynamic-tool");

/** A message without what a major adds of its own. */
function plain(message, only) {
    const { role, id, parts, metadata } = JSON.parse(JSON.stringify(message));
    const known = parts.map(({ id, approval, ...part }) => {
        // The first says it only where it was answered here.
        const { requestReason, approved, ...asked } = approval ?? {};
        return { ...part, ...(part.type.startsWith("data-") && { id }), ...(approval && { approval: only ? approval : asked }) };
    });
    return { role, ...(role === "assistant" && { id, metadata }), parts: known };
}

async function same(chat, conversation, { format, whole }) {
    const stored = await omega.stored(conversation.id, format);
    assert.deepEqual(chat.now.messages.map((message) => plain(message, whole)), stored.map((message) => plain(message, whole)));
}

async function held(name, format, whole, { DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses }, useChat) {
    const open = (conversation, options = {}) => {
        const transport = new DefaultChatTransport({ api: omega.chat(conversation.id, format), headers: omega.headers });
        return hook(() => useChat({ id: conversation.id, transport, ...options }));
    };
    const rests = (chat) => until(`${name}: the chat rests`, () => ["ready", "error"].includes(chat.now.status));
    const send = async (chat, text) => {
        const before = chat.now.messages.length;
        void chat.now.sendMessage({ text });
        await until("it is sent", () => chat.now.status === "error" || chat.now.messages.length >= before + 2);
        await rests(chat);
    };
    const is = { format, whole };

    // Text, then a call with a thought before it.
    let talk = await omega.conversation();
    let chat = await open(talk);
    await send(chat, "say hello");
    assert.deepEqual(words(chat.now.messages[1]), ["Hello, wörld 🚀."]);
    await send(chat, "compute");
    const answer = chat.now.messages[3];
    assert.deepEqual(words(answer), ["I compute.", "It is five."]);
    assert.deepEqual(tools(answer).map((tool) => [tool.toolName, tool.state, tool.output]), [["evaluate", "output-available", 5]]);
    await same(chat, talk, is);

    // Asked anew: another answer to the same message.
    void chat.now.regenerate();
    await until("the new answer", () => chat.now.messages[3]?.id !== answer.id && chat.now.messages.length === 4);
    await rests(chat);
    assert.deepEqual(words(chat.now.messages[3]), ["I compute.", "It is five."]);
    const kept = await omega.stored(talk.id, format);
    assert.equal(kept.length, 6, "nothing that was said is lost");
    assert.equal(kept[4].metadata.omega.replaces, kept[2].id, "the newer version says what it takes the place of");
    await chat.leave();

    // A page that opens what is stored has what the other one had, and nothing runs.
    const messages = await omega.stored(talk.id, format);
    chat = await open(talk, { messages, resume: true });
    await rests(chat);
    assert.equal(chat.now.error, undefined);
    await same(chat, talk, is);
    await chat.leave();

    // Approvals: yes, and no.
    for (const approved of [true, false]) {
        talk = await omega.conversation({ safeMode: true });
        chat = await open(talk, { sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses });
        await send(chat, "compute");
        const [asked] = tools(chat.now.messages[1]);
        assert.equal(asked.state, "approval-requested");
        assert.equal(chat.now.messages[1].metadata.omega.status, "paused");
        await chat.now.addToolApprovalResponse({ id: asked.approval.id, approved, ...(!approved && { reason: "not now" }) });
        await until("the run goes on", () => chat.now.messages[1]?.metadata.omega.status === "completed");
        await rests(chat);
        assert.equal(tools(chat.now.messages[1])[0].state, approved ? "output-available" : "output-denied");
        assert.deepEqual(words(chat.now.messages[1]), ["I compute.", "It is five."]);
        assert.equal(chat.now.messages.length, 2);
        await same(chat, talk, is);
        await chat.leave();
    }

    // A page that goes away in the middle, and one that takes it up.
    talk = await omega.conversation();
    chat = await open(talk);
    void chat.now.sendMessage({ text: "hold on" });
    await until("the beginning", () => chat.now.messages[1] && words(chat.now.messages[1])[0] === "First ");
    const begun = JSON.parse(JSON.stringify(chat.now.messages));
    await chat.now.stop();
    await chat.leave();
    for (const messages of [begun, begun.slice(0, 1), await omega.stored(talk.id, format)]) {
        const other = await open(talk, { messages, resume: true });
        await until("it is taken up", () => other.now.messages[1] && words(other.now.messages[1])[0] === "First ");
        assert.equal(other.now.messages.length, 2);
        chat = chat.resumed ? chat : other;
        chat.resumed = true;
        if (other !== chat) await other.leave();
    }
    omega.release();
    await until("the end", () => words(chat.now.messages[1])[0] === "First and last.");
    await rests(chat);
    await same(chat, talk, is);
    await chat.leave();

    // A model whose answer is cut is asked again.
    talk = await omega.conversation();
    chat = await open(talk);
    await send(chat, "cut yourself");
    assert.equal(words(chat.now.messages[1]).at(-1), "This stays.");
    if (whole) {
        assert.deepEqual(words(chat.now.messages[1]), ["This stays."]);
        await same(chat, talk, is);
    } else {
        const kinds = chat.now.messages[1].parts.map((part) => part.type);
        assert.ok(kinds.lastIndexOf("data-omega-reset") < kinds.lastIndexOf("text"), kinds);
    }
    await chat.leave();

    // What goes wrong is said in words.
    talk = await omega.conversation();
    chat = await open(talk, { onError: () => {} });
    await send(chat, "fail");
    await until("the error", () => chat.now.status === "error");
    assert.match(chat.now.error.message, /this model fails/);
    void chat.now.sendMessage({ text: "look", files: [{ type: "file", mediaType: "text/plain", url: "data:,x" }] });
    await until("the refusal", () => /attachments are not taken/.test(chat.now.error?.message ?? ""));
    await chat.leave();
    console.log(`${name}: useChat holds`);
}

async function assistant() {
    const talk = await omega.conversation();
    const runtime = {};
    const Probe = () => {
        const transport = new AssistantChatTransport({ api: omega.chat(talk.id, "ai-sdk-7"), headers: omega.headers });
        runtime.now = useChatRuntime({ transport });
        return h(AssistantRuntimeProvider, { runtime: runtime.now });
    };
    const root = TestRenderer.create(h(Probe));
    await until("it is drawn", () => runtime.now);
    const thread = () => runtime.now.thread.getState();
    await runtime.now.thread.append({ role: "user", content: [{ type: "text", text: "compute" }] });
    await until("assistant-ui: the answer", () => {
        const last = thread().messages.at(-1);
        return last?.role === "assistant" && last.status.type === "complete" && last.content.length > 0;
    });
    const { content } = thread().messages.at(-1);
    assert.deepEqual(content.filter((part) => part.type === "text").map((part) => part.text), ["I compute.", "It is five."]);
    assert.deepEqual(content.filter((part) => part.type === "tool-call").map((part) => [part.toolName, part.result]), [["evaluate", 5]]);
    await root.unmount();
    console.log("assistant-ui: useChatRuntime holds");
}

async function origins() {
    const { id } = await omega.conversation();
    const ask = (origin) => fetch(omega.chat(id, "ai-sdk"), {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type" },
    });
    const allowed = await ask(ORIGIN);
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get("access-control-allow-origin"), ORIGIN);
    assert.equal(allowed.headers.get("access-control-allow-credentials"), null);
    assert.equal((await ask("https://evil.example.com")).headers.get("access-control-allow-origin"), null);
}

try {
    await held("AI SDK 7", "ai-sdk-7", true, sdk7, useChat7);
    await held("AI SDK 6", "ai-sdk", false, sdk6, useChat6);
    await assistant();
    await origins();
} finally {
    await omega.stop();
}
