"""A streaming conversation by the generated Python client: URL and API key are the arguments."""

import importlib
import json
import pkgutil
import sys

import omega_client
from omega_client import AuthenticatedClient, models
from omega_client.api.conversations import create_conversation, get_conversation, send_message

url, key = sys.argv[1:]
for module in pkgutil.walk_packages(omega_client.__path__, "omega_client."):
    importlib.import_module(module.name)

client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)
made = create_conversation.sync(client=client, body=models.CreateConversation(model="omega/offline"))
assert isinstance(made, models.CreateConversationResponse201), made
conversation = made.data.id

# The generator makes no streams: its request is sent, and its classes read the events.
body = models.SendMessage(message="What is the determinant of [[2,1],[1,3]]?")
request = send_message._get_kwargs(conversation, body=body)
request["headers"]["Accept"] = "text/event-stream"
events = []
with client.get_httpx_client().stream(**request, timeout=240) as response:
    response.raise_for_status()
    for line in response.iter_lines():
        if line.startswith("data:"):
            data = json.loads(line[5:])
            kind = "".join(word.capitalize() for word in data["type"].replace("_", ".").split("."))
            events.append(getattr(models, f"{kind}Event").from_dict(data))

outputs = [event.output for event in events if isinstance(event, models.RunStepToolCompletedEvent)]
assert 5 in outputs, outputs
assert any(isinstance(event, models.MessageDeltaEvent) for event in events), "the answer came in pieces"
last = events[-1]
assert isinstance(last, models.RunCompletedEvent) and "5" in last.answer, last
read = get_conversation.sync(conversation, client=client)
assert isinstance(read, models.GetConversationResponse200), read
assert [message.role for message in read.data.messages][:1] == ["user"] and len(read.data.runs) == 1
print(f"Python: {len(events)} events, {last.answer.splitlines()[0]!r}")
