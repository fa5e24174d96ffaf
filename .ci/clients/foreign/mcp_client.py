"""The official MCP client for Python against a server of ours: its address and an API key are the arguments."""

import asyncio
import re
import sys

from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

url, key = sys.argv[1:]
FIVE = re.compile(r"(^|[^\d.])5([^\d.]|$)")


async def talk(mode: str) -> str:
    seen = []

    async def progress(step: float, total: float | None, message: str | None) -> None:
        seen.append(message)

    http = create_mcp_http_client(headers={"Authorization": f"Bearer {key}"})
    async with Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode, read_timeout_seconds=240) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"ask", "search", "execute"}, tools
        found = await client.call_tool("search", {"query": "determinant of a matrix"})
        ids = [row["toolId"] for row in found.structured_content["tools"]]
        assert "mathjs::evaluate" in ids, ids
        run = await client.call_tool("execute", {"toolId": "mathjs::evaluate", "params": {"expression": "det([2,1;1,3])"}})
        assert not run.is_error and run.structured_content["result"] == 5, run
        asked = {"message": "What is the determinant of [[2,1],[1,3]]?", "model": "omega/offline"}
        answer = await client.call_tool("ask", asked, progress_callback=progress)
        told = answer.structured_content
        assert told["status"] == "completed" and FIVE.search(answer.content[0].text) and seen, (answer, seen)
        document = await client.read_resource(told["resource"])
        assert "determinant" in document.contents[0].text, document
        refused = await client.call_tool("execute", {"toolId": "mathjs::evaluate", "params": {"nothing": 1}})
        assert refused.is_error and "INVALID_INPUT" in refused.content[0].text, refused
        try:
            await client.read_resource("omega://conversations/nothing")
            raise SystemExit("an unknown conversation is refused")
        except MCPError as error:
            assert "no conversation" in str(error), error
        return f"{client.protocol_version}, {len(seen)} steps"


for mode in ["legacy", "auto"]:
    print(f"mcp for Python ({mode}): {asyncio.run(talk(mode))}")
