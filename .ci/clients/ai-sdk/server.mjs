// A server of Omega with an empty home whose only model is the scripted one.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { provider } from "./provider.mjs";

/** An origin that the server lets in. */
export const ORIGIN = "https://app.example.com";

export async function start(program) {
    const model = await provider();
    const home = mkdtempSync(join(tmpdir(), "omega-embedding-"));
    const env = { ...process.env, OMEGA_HOME: home, TPMJS_API_URL: "off", OPENAI_API_KEY: "test", OPENAI_BASE_URL: model.url };
    const child = spawn(program, ["serve", "--port", "0", "--json", "--cors-origin", ORIGIN], { env, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    child.stderr.on("data", (data) => (log += data));
    const ready = await new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
        child.once("exit", () => reject(new Error(`the server ended: ${log}`)));
    });
    const headers = { authorization: `Bearer ${ready.apiKey}` };
    const api = async (method, path, body) => {
        const json = body && { body: JSON.stringify(body), headers: { ...headers, "content-type": "application/json" } };
        const response = await fetch(`${ready.url}/api/omega${path}`, { method, headers, ...json });
        if (response.status === 204) return null;
        const answer = await response.json();
        if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.error}`);
        return answer.data;
    };
    return {
        api,
        headers,
        url: ready.url,
        release: model.release,
        conversation: (settings = {}) => api("POST", "/conversations", { title: "a test", model: "openai/test", ...settings }),
        /** The API of a conversation's chat. */
        chat: (id, format) => `${ready.url}/api/omega/conversations/${id}/messages?format=${format}`,
        stored: (id, format) => api("GET", `/conversations/${id}/messages?format=${format}`),
        async stop() {
            const ended = new Promise((resolve) => child.once("exit", resolve));
            child.kill();
            await ended;
            model.close();
            rmSync(home, { recursive: true, force: true });
        },
        log: () => log,
    };
}
