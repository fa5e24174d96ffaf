"""OpenAI's client for Python against a server of ours: its address and an API key are the arguments."""

import re
import sys

import openai

url, key = sys.argv[1:]
FIVE = re.compile(r"(^|[^\d.])5([^\d.]|$)")
client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, timeout=240)
ASK = [{"role": "user", "content": "What is the determinant of [[2,1],[1,3]]?"}]

models = [model.id for model in client.models.list()]
assert "omega" in models and client.models.retrieve("omega/offline").id == "omega/offline", models

whole = client.chat.completions.create(model="omega/offline", messages=[{"role": "system", "content": "Be brief."}, *ASK])
said = whole.choices[0].message.content
assert FIVE.search(said) and whole.choices[0].finish_reason == "stop" and whole.id.startswith("chatcmpl-"), whole
assert whole.omega["status"] == "completed", whole

chunks = list(
    client.chat.completions.create(model="omega/offline", messages=ASK, stream=True, stream_options={"include_usage": True})
)
streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
assert said in streamed and chunks[-1].usage is not None and not chunks[-1].choices, chunks

first = client.responses.create(model="omega/offline", input=ASK[0]["content"])
assert first.status == "completed" and FIVE.search(first.output_text), first
with client.responses.stream(model="omega/offline", input="And times 2?", previous_response_id=first.id) as stream:
    kinds = [event.type for event in stream]
    last = stream.get_final_response()
assert kinds[0] == "response.created" and kinds[-1] == "response.completed", kinds
assert last.conversation.id == first.conversation.id and client.responses.retrieve(last.id).output_text == last.output_text

for wrong, kind, param in [
    ({"n": 2}, openai.BadRequestError, "n"),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError, "tools"),
    ({"model": "gpt-99"}, openai.NotFoundError, "model"),
]:
    try:
        client.chat.completions.create(**{"model": "omega/offline", "messages": ASK, **wrong})
        raise SystemExit(f"{wrong} is refused")
    except kind as error:
        assert error.param == param and error.code, error
try:
    openai.OpenAI(base_url=f"{url}/v1", api_key="sk-wrong").models.list()
    raise SystemExit("a wrong key is refused")
except openai.AuthenticationError as error:
    assert error.code == "invalid_api_key", error
print(f"openai for Python: {said.splitlines()[0]!r}")
