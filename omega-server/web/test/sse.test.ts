import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameParser, type Frame } from "../src/sse";

const STREAM =
  'retry: 2000\n\n: heartbeat\n\nid: 7\nevent: message.created\ndata: {"a":1}\n\nevent: status\r\ndata: one\r\ndata: two\r\n\r\ndata\n\ndata:tight\rdata: cr\r\r\n';

const WHOLE: Frame[] = [
  { id: "7", event: "message.created", data: '{"a":1}' },
  { event: "status", data: "one\ntwo" },
  { event: "message", data: "" },
  { event: "message", data: "tight\ncr" },
];

test("a stream cut anywhere gives the same frames", () => {
  for (let size = 1; size <= STREAM.length; size += 1) {
    const parser = new FrameParser();
    const frames: Frame[] = [];
    for (let at = 0; at < STREAM.length; at += size) frames.push(...parser.push(STREAM.slice(at, at + size)));
    assert.deepEqual(frames, WHOLE, `pieces of ${size}`);
  }
});

test("an unfinished frame is not given", () => {
  const parser = new FrameParser();
  assert.deepEqual(parser.push("data: half"), []);
  assert.deepEqual(parser.push("\n"), []);
  assert.deepEqual(parser.push("\n"), [{ event: "message", data: "half" }]);
});
