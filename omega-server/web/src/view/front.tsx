import { Menu as MenuIcon } from "lucide";
import { useRef, useState } from "preact/hooks";
import { ApiError, createConversation, newKey, sendMessage } from "../api";
import { conversationPath, go } from "../route";
import { keepDraft, remember } from "../stored";
import { oneLine } from "../words";
import type { Models } from "../types";
import { Composer } from "./composer";
import { ModelPicker } from "./model-picker";
import { Samples } from "./samples";
import { Icon } from "./icon";

/** The front page: what Omega is, sample prompts, and the first message. */
export function Front({ models, onMenu, onSignedOut }: { models: Models | null; onMenu: () => void; onSignedOut: () => void }) {
  const [model, setModel] = useState<string | undefined>();
  const [sample, setSample] = useState<{ text: string } | null>(null);

  // What a failed start left behind: trying again goes on with it instead of making a second conversation.
  const begun = useRef<{ id: string; model: string | undefined; text: string; data: string | undefined; key: string } | null>(null);

  const start = async (text: string, data?: string) => {
    try {
      if (begun.current?.model !== model || !begun.current) {
        const { id } = await createConversation(model);
        begun.current = { id, model, text, data, key: newKey() };
        // Before the message goes out: the server lists no conversations, so this is the way back to it.
        remember(id, oneLine(text, 60) || "Untitled conversation");
      }
      if (begun.current.text !== text || begun.current.data !== data) begun.current = { ...begun.current, text, data, key: newKey() };
      const { id, key } = begun.current;
      await sendMessage(id, text, key, { data });
      keepDraft("", "");
      go(conversationPath(id));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) onSignedOut();
      throw error;
    }
  };

  return (
    <main class="front">
      <div class="front-bar only-narrow"><button type="button" class="ghost small" onClick={onMenu}>menu <Icon of={MenuIcon} size={14} /></button></div>
      <div class="front-scroll">
        <section class="hero">
          <p class="label">the last agent you need · friendly</p>
          <h1>Ask for an outcome. Omega finds the tool</h1>
          <p class="lead">
            It searches the TPMJS registry, installs what fits, runs it in a sandbox and shows each call: name, version, input, output.
          </p>
        </section>
        <section aria-labelledby="samples">
          <h2 id="samples" class="label">try one</h2>
          <Samples onPick={(text) => setSample({ text })} />
        </section>
      </div>
      <Composer place="" placeholder="ask for anything..." fill={sample} onSend={start}>
        <ModelPicker models={models} value={model ?? models?.default} onPick={setModel} />
      </Composer>
    </main>
  );
}
