#compdef omega

autoload -U is-at-least

_omega() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_omega_commands" \
"*::: :->omega" \
&& ret=0
    case $state in
    (omega)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-command-$line[1]:"
        case $line[1] in
            (ask)
_arguments "${_arguments_options[@]}" : \
'-m+[provider/model \[env\: OMEGA_MODEL\]]:PROVIDER/MODEL:_default' \
'--model=[provider/model \[env\: OMEGA_MODEL\]]:PROVIDER/MODEL:_default' \
'--conversation=[Go on with this conversation, given by id or address]:ID|URL:_default' \
'--schema=[Ask for an answer that matches this JSON Schema, and check it]:FILE:_files' \
'*--pin=[Prefer this tool (package\:\:export); may be given several times]:TOOL:_default' \
'*--env=[Hand this variable of the environment to tools that declare it (NAME=VALUE sets one; other users of this machine may see a value on the command line)]:NAME:_default' \
'--env-file=[Hand the variables of this file (lines of NAME=VALUE) to tools that declare them]:FILE:_files' \
'--timeout=[Give up after this time, for example 90s or 5m \[env\: OMEGA_TIMEOUT\] \[default\: 15m\]]:TIME:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(--no-stdin)--stdin[Wait for stdin, however long it takes]' \
'--no-stdin[Don'\''t look at stdin]' \
'(--conversation)-c[Go on with the conversation that was used last]' \
'(--conversation)--continue[Go on with the conversation that was used last]' \
'(--stream-json)--json[Print one JSON document at the end\: {conversationId, runId, status, answer, toolRuns, usage, model, finishReason}; requiresAction too when the run waits for a person]' \
'--stream-json[Print every event as a line of JSON; the last one is always run.completed, run.failed, run.cancelled, or run.requires_action when the run waits for a person]' \
'--safe[Safe Mode\: in this conversation each tool call waits for a yes, from now on]' \
'--plan[Propose plans first, and run the one that is chosen]' \
'--no-input[Never ask on the terminal\: a run that waits for a person ends the command with exit code 4 or 5]' \
'--raw[Print the answer as it came, control characters too; not on a terminal]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'*::words -- What to ask; stdin is appended to it as a marked block:_default' \
&& ret=0
;;
(chat)
_arguments "${_arguments_options[@]}" : \
'--conversation=[Go on with this conversation, given by id or address]:ID|URL:_default' \
'-m+[provider/model \[env\: OMEGA_MODEL\]]:PROVIDER/MODEL:_default' \
'--model=[provider/model \[env\: OMEGA_MODEL\]]:PROVIDER/MODEL:_default' \
'--theme=[Colours; auto asks the terminal for its background]:auto|dark|light:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(--conversation)-c[Go on with the conversation that was used last]' \
'(--conversation)--continue[Go on with the conversation that was used last]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(serve)
_arguments "${_arguments_options[@]}" : \
'--port=[Listen on this port; any free one when 0]:PORT:_default' \
'--host=[Listen on this address; another one than this machine'\''s own wants a proxy with TLS before it]:ADDRESS:_default' \
'--database=[sqlite\:PATH or postgres\://... \[default\: a file in the user'\''s data folder\]]:URL:_default' \
'--master-key-file=[The master key of stored credentials, 32 bytes in base64 or hex, in a file of mode 0600; OMEGA_MASTER_KEY may hold the key itself \[default\: a file that is made at the first start, in the configuration folder\]]:PATH:_files' \
'*--executor=[Run tools on this executor instead of on this machine (\`omega executor\` is one); several by commas or by giving it again. \`local\` among them makes this machine the last choice]:URL:_default' \
'--cache-limit-mb=[Megabytes of tool packages to keep; the least recently used are removed]:MB:_default' \
'*--allow-private-net=[Let tools reach this HOST\:PORT of a private network; may be given several times]:HOST:PORT:_default' \
'--key-verifier=[Ask this platform about API keys that this server did not make (\`https\://HOST/api\`); who has such a key becomes a user here \[default\: nobody is asked\]]:URL:_default' \
'--avatars=[Where the pictures of users come from who gave an e-mail address; only its hash is sent. \`off\` asks nobody]:URL:_default' \
'--prices=[What models cost, as JSON in a file\: {"models"\: {"provider/model"\: {"input"\: 0.4, "output"\: 1.6}}}, in US dollars for a million tokens (also cachedInput, cacheWrite). It goes before the prices that Omega knows]:PATH:_files' \
'*--rate-limit=[How many requests of a class a client may make, \`writes=600/60s\`; several by commas or by giving it again. Classes\: reads, writes, runs, search, execute (not limited unless set here), sign-in (wrong keys of an address) and guesses (conversations that a user asks for and that are not there). Each server counts for itself]:CLASS=N/TIME:_default' \
'*--trusted-proxy=[Address of a proxy whose X-Forwarded-For says who the client is; several by commas or by giving it again]:IP:_default' \
'--max-connections=[Connections that one address may have at a time, a quarter of the files that may be open at most]:N:_default' \
'--idle=[End after this time without a request and without work; only with --local]:IDLE:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(--local)--serve-only[Serve only\: leave the runs to other servers on the same PostgreSQL]' \
'(--port --host --json)--local[Be the user'\''s own server\: loopback only, one per user, ends when idle]' \
'--json[Print one line of JSON once ready\: {url, apiKey?, pid}]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(executor)
_arguments "${_arguments_options[@]}" : \
'--listen=[Listen on this address; port 0 takes a free one]:ADDRESS:PORT:_default' \
'--api-key-file=[Read the key that callers must send from this file \[env\: OMEGA_EXECUTOR_API_KEY has the key itself\]]:FILE:_files' \
'--cache=[Keep the runtime and the packages in this folder \[default\: the user'\''s cache folder\]]:FOLDER:_files' \
'*--allow-private-net=[Let tools reach this HOST\:PORT of a private network; may be given several times]:HOST:PORT:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print one line of JSON once ready\: {url, apiKey?, pid}]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the answer of the API as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::conversation -- A conversation'\''s id or address; the one used last when missing:_default' \
&& ret=0
;;
(export)
_arguments "${_arguments_options[@]}" : \
'--format=[Markdown to read, JSON to keep everything]:FORMAT:(markdown json)' \
'-o+[Write to this file instead of stdout]:FILE:_files' \
'--output=[Write to this file instead of stdout]:FILE:_files' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::conversation -- A conversation'\''s id or address; the one used last when missing:_default' \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the new conversation as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':file -- The document; `-` reads stdin:_default' \
&& ret=0
;;
(plan)
_arguments "${_arguments_options[@]}" : \
'--count=[How many plans]:COUNT:_default' \
'-m+[provider/model \[env\: OMEGA_MODEL\]]:PROVIDER/MODEL:_default' \
'--model=[provider/model \[env\: OMEGA_MODEL\]]:PROVIDER/MODEL:_default' \
'--conversation=[Plan in this conversation, given by id or address; in a new one when missing]:ID|URL:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the answer of the API as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':task -- The task:_default' \
":: :_omega__subcmd__plan_commands" \
"*::: :->plan" \
&& ret=0

    case $state in
    (plan)
        words=($line[2] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-plan-command-$line[2]:"
        case $line[2] in
            (select)
_arguments "${_arguments_options[@]}" : \
'--conversation=[A conversation'\''s id or address; the one used last when missing]:ID|URL:_default' \
'--note=[What should be different, for the planner]:TEXT:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--another[Ask for other plans instead]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::plan -- The plan\: its number as listed, or its id:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__plan__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-plan-help-command-$line[1]:"
        case $line[1] in
            (select)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(approve)
_arguments "${_arguments_options[@]}" : \
'(--deny)--for=[How long the yes lasts\: for these calls, for their tools in this conversation, or for their tools everywhere \[default\: once\]]:HOW LONG:(once conversation always)' \
'--reason=[Why they are refused, for the model]:TEXT:_default' \
'(--deny)--input=[Run the one call that waits with this input instead, a JSON object]:JSON:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--deny[Refuse the calls; the model is told, and goes another way]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::conversation -- A conversation'\''s id or address; the one used last when missing:_default' \
&& ret=0
;;
(approvals)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__approvals_commands" \
"*::: :->approvals" \
&& ret=0

    case $state in
    (approvals)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-approvals-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':id -- Its id, as `list` shows it:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__approvals__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-approvals-help-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(provide)
_arguments "${_arguments_options[@]}" : \
'(--decline)*--env=[Give this variable; may be given several times]:NAME:_default' \
'(--decline)--save=[Where the values are kept\: nowhere, for the tools that asked, or for all tools]:WHERE:(once tool global)' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--decline[Go on without them\: the calls fail, and the model is told]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::conversation -- A conversation'\''s id or address; the one used last when missing:_default' \
&& ret=0
;;
(alternatives)
_arguments "${_arguments_options[@]}" : \
'(--none)--use=[The tool to call instead, one of those that are offered (package\:\:export)]:TOOL:_default' \
'--call=[For this call, when several wait]:ID:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--none[None of them\: the model goes on by itself]' \
'(--use --none)--json[Print what is offered as JSON, and choose nothing]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::conversation -- A conversation'\''s id or address; the one used last when missing:_default' \
&& ret=0
;;
(share)
_arguments "${_arguments_options[@]}" : \
'--visibility=[Who may open it\: whoever has the link, or only you]:WHO:(link private)' \
'--guest-credentials=[What guests'\'' messages may do with your credentials]:WHAT:((approve\:"Each call waits for your yes"
allow\:"Calls use them"
deny\:"No call gets any"))' \
'--block=[Shut a guest out, by user id or name, whatever link they have]:USER:_default' \
'(--block)--unblock=[Let a guest in again]:USER:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--rotate[Replace the link; whoever came by the one before is out]' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::conversation -- A conversation'\''s id or address; the one used last when missing:_default' \
&& ret=0
;;
(cancel)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::conversation -- A conversation'\''s id or address; the one used last when missing:_default' \
&& ret=0
;;
(recent)
_arguments "${_arguments_options[@]}" : \
'--limit=[At most this many]:LIMIT:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(tools)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__tools_commands" \
"*::: :->tools" \
&& ret=0

    case $state in
    (tools)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-tools-command-$line[1]:"
        case $line[1] in
            (search)
_arguments "${_arguments_options[@]}" : \
'--limit=[At most this many]:LIMIT:_default' \
'--category=[Only this category]:CATEGORY:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the rows as a JSON array, in TPMJS'\''s shape]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'*::query -- What the tool should do:_default' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the row as JSON, in TPMJS'\''s shape]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':tool -- package\:\:export:_default' \
&& ret=0
;;
(run)
_arguments "${_arguments_options[@]}" : \
'-i+[The input, a JSON object; \`@FILE\` reads a file, \`-\` reads stdin]:JSON:_default' \
'--input=[The input, a JSON object; \`@FILE\` reads a file, \`-\` reads stdin]:JSON:_default' \
'*--env=[Hand this variable of the environment to tools that declare it (NAME=VALUE sets one; other users of this machine may see a value on the command line)]:NAME:_default' \
'--env-file=[Hand the variables of this file (lines of NAME=VALUE) to tools that declare them]:FILE:_files' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print \`{success, output | error, code?, executionTimeMs}\`]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':tool -- package\:\:export:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__tools__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-tools-help-command-$line[1]:"
        case $line[1] in
            (search)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(run)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(registry)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__registry_commands" \
"*::: :->registry" \
&& ret=0

    case $state in
    (registry)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-registry-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--function=[Add this exported function as a tool; a dotted path is allowed, \`default\` too]:EXPORT:_default' \
'*--params=[The function'\''s parameters, in order]:NAME,NAME:_default' \
'--description=[What the function does; the package'\''s description when missing]:DESCRIPTION:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--for-me[Add it for yourself alone, also as an administrator]' \
'(--for-me)--allow-older[Set what everybody has back to this older version]' \
'--json[Print the answer of the API as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':package -- PACKAGE or PACKAGE@VERSION:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--for-me[Take out what is yours alone, also as an administrator]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':package -- The package:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the rows of the API as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the sums as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':file -- The file; `-` reads stdin:_files' \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__registry__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-registry-help-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(models)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the answer of the API as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print \`{checks\: \[{name, status, message, next?}\], summary}\`]' \
'--attack[Attack this machine'\''s sandbox, which takes ten seconds or twenty and up to 1 GiB of memory and disk for a moment]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(login)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--no-default[Keep the key, but don'\''t make this the server that commands use]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::url -- The server'\''s address:_default' \
&& ret=0
;;
(logout)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::url -- The server'\''s address; the one in use when missing:_default' \
&& ret=0
;;
(whoami)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the answer of the API as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(profile)
_arguments "${_arguments_options[@]}" : \
'--name=[The name to show]:NAME:_default' \
'--email=[The e-mail address, for the picture; others get its hash alone. An empty one is forgotten]:ADDRESS:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(users)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__users_commands" \
"*::: :->users" \
&& ret=0

    case $state in
    (users)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-users-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(create)
_arguments "${_arguments_options[@]}" : \
'--email=[The e-mail address, for the picture; others get its hash alone]:ADDRESS:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print user and key as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The name to show:_default' \
&& ret=0
;;
(disable)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':id -- The id, as `list` shows it:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__users__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-users-help-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(create)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(disable)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(api-keys)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__api-keys_commands" \
"*::: :->api-keys" \
&& ret=0

    case $state in
    (api-keys)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-api-keys-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(create)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the key and its record as JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- What it is for:_default' \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':id -- Its id, as `list` shows it:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__api-keys__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-api-keys-help-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(create)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(keys)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__keys_commands" \
"*::: :->keys" \
&& ret=0

    case $state in
    (keys)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-keys-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(set)
_arguments "${_arguments_options[@]}" : \
'--tool=[For this tool only (package\:\:export); for all tools that you allow otherwise]:TOOL:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(--tool)--for-tools[For all tools that you allow, though it is named as a model provider'\''s key]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The variable'\''s name, for example GITHUB_TOKEN:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--tool=[The one of this tool]:TOOL:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(--tool)--for-tools[The one for all tools, though it is named as a model provider'\''s key]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The variable'\''s name:_default' \
&& ret=0
;;
(grants)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__keys__subcmd__grants_commands" \
"*::: :->grants" \
&& ret=0

    case $state in
    (grants)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-keys-grants-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The variable'\''s name:_default' \
':tool -- The tool (package\:\:export):_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__keys__subcmd__grants__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-keys-grants-help-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__keys__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-keys-help-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(set)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(grants)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__keys__subcmd__help__subcmd__grants_commands" \
"*::: :->grants" \
&& ret=0

    case $state in
    (grants)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-keys-help-grants-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(settings)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__settings_commands" \
"*::: :->settings" \
&& ret=0

    case $state in
    (settings)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-settings-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print the document of the API]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(get)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- Its name:_default' \
&& ret=0
;;
(set)
_arguments "${_arguments_options[@]}" : \
'()--file=[Take the value from this file, \`-\` for stdin]:FILE:_files' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- Its name:_default' \
'*::value -- Its value; `default` takes it back to what holds without it:_default' \
&& ret=0
;;
(prompt)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print what the API says of it\: your text, the default, and both together]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(edit)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__settings__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-settings-help-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(get)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(set)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(prompt)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(edit)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(pins)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__pins_commands" \
"*::: :->pins" \
&& ret=0

    case $state in
    (pins)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-pins-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(add)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'*::tools -- package\:\:export:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'*::tools -- package\:\:export:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__pins__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-pins-help-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(vault)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__vault_commands" \
"*::: :->vault" \
&& ret=0

    case $state in
    (vault)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-vault-command-$line[1]:"
        case $line[1] in
            (rotate)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--deep[Encrypt every stored value anew, too]' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__vault__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-vault-help-command-$line[1]:"
        case $line[1] in
            (rotate)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(audit)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__audit_commands" \
"*::: :->audit" \
&& ret=0

    case $state in
    (audit)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-audit-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--action=[Only this action (\`key.made\`), or this group of them (\`key\`)]:ACTION:_default' \
'--since=[Only what was done in this time (\`1h\`, \`7days\`)]:TIME:_default' \
'--limit=[At most this many]:N:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(verify)
_arguments "${_arguments_options[@]}" : \
'*--head=[The end of a chain that was noted earlier, CHAIN\:N\:HASH; may be given again]:HEAD:_default' \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__audit__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-audit-help-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(verify)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(config)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__config_commands" \
"*::: :->config" \
&& ret=0

    case $state in
    (config)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-config-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--origin[Say where each value comes from]' \
'--json[Print JSON]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(path)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__config__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-config-help-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(path)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(open)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'--print[Only print the address]' \
'--sign-in[Print the address with the code, for a browser elsewhere\: it signs in as you, once, within five minutes]' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
'::conversation -- A conversation'\''s id or address; the one used last when missing:_default' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':shell -- The shell:(bash elvish fish powershell zsh)' \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
':folder -- The folder; made if it is missing:_files' \
&& ret=0
;;
(debug)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_omega__subcmd__debug_commands" \
"*::: :->debug" \
&& ret=0

    case $state in
    (debug)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-debug-command-$line[1]:"
        case $line[1] in
            (failpoints)
_arguments "${_arguments_options[@]}" : \
'--server=[Use this shared server instead of your own local one \[env\: OMEGA_SERVER\]]:URL:_default' \
'--profile=[Use this profile of the configuration \[env\: OMEGA_PROFILE\]]:NAME:_default' \
'(-v --verbose)-q[Say nothing but results and errors]' \
'(-v --verbose)--quiet[Say nothing but results and errors]' \
'-v[Say more on stderr\: inputs, summaries, what happens]' \
'--verbose[Say more on stderr\: inputs, summaries, what happens]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__debug__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-debug-help-command-$line[1]:"
        case $line[1] in
            (failpoints)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-command-$line[1]:"
        case $line[1] in
            (ask)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(chat)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(serve)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(executor)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(export)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(plan)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__plan_commands" \
"*::: :->plan" \
&& ret=0

    case $state in
    (plan)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-plan-command-$line[1]:"
        case $line[1] in
            (select)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(approve)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(approvals)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__approvals_commands" \
"*::: :->approvals" \
&& ret=0

    case $state in
    (approvals)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-approvals-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(provide)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(alternatives)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(share)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(cancel)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(recent)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(tools)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__tools_commands" \
"*::: :->tools" \
&& ret=0

    case $state in
    (tools)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-tools-command-$line[1]:"
        case $line[1] in
            (search)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(run)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(registry)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__registry_commands" \
"*::: :->registry" \
&& ret=0

    case $state in
    (registry)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-registry-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(models)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(login)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(logout)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(whoami)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(profile)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(users)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__users_commands" \
"*::: :->users" \
&& ret=0

    case $state in
    (users)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-users-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(create)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(disable)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(api-keys)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__api-keys_commands" \
"*::: :->api-keys" \
&& ret=0

    case $state in
    (api-keys)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-api-keys-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(create)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(keys)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__keys_commands" \
"*::: :->keys" \
&& ret=0

    case $state in
    (keys)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-keys-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(set)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(grants)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__keys__subcmd__grants_commands" \
"*::: :->grants" \
&& ret=0

    case $state in
    (grants)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-keys-grants-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(settings)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__settings_commands" \
"*::: :->settings" \
&& ret=0

    case $state in
    (settings)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-settings-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(get)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(set)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(prompt)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(edit)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(pins)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__pins_commands" \
"*::: :->pins" \
&& ret=0

    case $state in
    (pins)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-pins-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(vault)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__vault_commands" \
"*::: :->vault" \
&& ret=0

    case $state in
    (vault)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-vault-command-$line[1]:"
        case $line[1] in
            (rotate)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(audit)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__audit_commands" \
"*::: :->audit" \
&& ret=0

    case $state in
    (audit)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-audit-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(verify)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(config)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__config_commands" \
"*::: :->config" \
&& ret=0

    case $state in
    (config)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-config-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(path)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(open)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(debug)
_arguments "${_arguments_options[@]}" : \
":: :_omega__subcmd__help__subcmd__debug_commands" \
"*::: :->debug" \
&& ret=0

    case $state in
    (debug)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:omega-help-debug-command-$line[1]:"
        case $line[1] in
            (failpoints)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_omega_commands] )) ||
_omega_commands() {
    local commands; commands=(
'ask:Ask once and get the answer on stdout' \
'chat:Talk in the terminal' \
'serve:Run the server' \
'executor:Run this machine'\''s sandbox as an executor for servers elsewhere' \
'show:Show a conversation' \
'export:Write a conversation as Markdown or JSON' \
'import:Reads a conversation that \`omega export --format json\` wrote, as a new one of your own' \
'plan:Propose plans for a task without doing anything' \
'approve:Allow or refuse the calls that a run waits with' \
'approvals:List and revoke the yeses that last' \
'provide:Give a run the variables that it waits for' \
'alternatives:Choose another tool in place of one that failed' \
'share:Show a conversation'\''s link and who takes part, and change who may open it' \
'cancel:Cancel what a conversation is doing' \
'recent:List the conversations you used last' \
'tools:Find, look at and run tools of the registry' \
'registry:Add tools to the registry, and take them out' \
'models:List providers and models, and why some can'\''t be used' \
'status:Show how the server, its registry and its executor are' \
'doctor:Look for what is wrong; changes nothing' \
'login:Sign in to a shared server' \
'logout:Forget the key of a shared server' \
'whoami:Show who you are on the server' \
'profile:Show how others see you, or change it' \
'users:List, make and shut out the server'\''s users' \
'api-keys:List, make and revoke the server'\''s API keys' \
'keys:List, store and remove the credentials that tools may use' \
'settings:Show and change your settings on the server' \
'pins:List, add and remove the tools that are always at hand' \
'vault:Change how the server keeps secrets' \
'audit:Read what was done on the server, and check that the record is whole' \
'config:Show this machine'\''s configuration and where it comes from' \
'open:Open a conversation'\''s page in the browser' \
'completions:Print the completions of a shell' \
'man:Write the man pages into a folder' \
'debug:What only tests of Omega itself need' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega commands' commands "$@"
}
(( $+functions[_omega__subcmd__alternatives_commands] )) ||
_omega__subcmd__alternatives_commands() {
    local commands; commands=()
    _describe -t commands 'omega alternatives commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys_commands] )) ||
_omega__subcmd__api-keys_commands() {
    local commands; commands=(
'list:List the keys; the keys themselves are never shown again' \
'create:Make a key and print it once' \
'revoke:Revoke a key at once' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega api-keys commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys__subcmd__create_commands] )) ||
_omega__subcmd__api-keys__subcmd__create_commands() {
    local commands; commands=()
    _describe -t commands 'omega api-keys create commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys__subcmd__help_commands] )) ||
_omega__subcmd__api-keys__subcmd__help_commands() {
    local commands; commands=(
'list:List the keys; the keys themselves are never shown again' \
'create:Make a key and print it once' \
'revoke:Revoke a key at once' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega api-keys help commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys__subcmd__help__subcmd__create_commands] )) ||
_omega__subcmd__api-keys__subcmd__help__subcmd__create_commands() {
    local commands; commands=()
    _describe -t commands 'omega api-keys help create commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__api-keys__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega api-keys help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys__subcmd__help__subcmd__list_commands] )) ||
_omega__subcmd__api-keys__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega api-keys help list commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys__subcmd__help__subcmd__revoke_commands] )) ||
_omega__subcmd__api-keys__subcmd__help__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega api-keys help revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys__subcmd__list_commands] )) ||
_omega__subcmd__api-keys__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega api-keys list commands' commands "$@"
}
(( $+functions[_omega__subcmd__api-keys__subcmd__revoke_commands] )) ||
_omega__subcmd__api-keys__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega api-keys revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__approvals_commands] )) ||
_omega__subcmd__approvals_commands() {
    local commands; commands=(
'list:List them' \
'revoke:Take one back\: its tool is asked about again' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega approvals commands' commands "$@"
}
(( $+functions[_omega__subcmd__approvals__subcmd__help_commands] )) ||
_omega__subcmd__approvals__subcmd__help_commands() {
    local commands; commands=(
'list:List them' \
'revoke:Take one back\: its tool is asked about again' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega approvals help commands' commands "$@"
}
(( $+functions[_omega__subcmd__approvals__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__approvals__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega approvals help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__approvals__subcmd__help__subcmd__list_commands] )) ||
_omega__subcmd__approvals__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega approvals help list commands' commands "$@"
}
(( $+functions[_omega__subcmd__approvals__subcmd__help__subcmd__revoke_commands] )) ||
_omega__subcmd__approvals__subcmd__help__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega approvals help revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__approvals__subcmd__list_commands] )) ||
_omega__subcmd__approvals__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega approvals list commands' commands "$@"
}
(( $+functions[_omega__subcmd__approvals__subcmd__revoke_commands] )) ||
_omega__subcmd__approvals__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega approvals revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__approve_commands] )) ||
_omega__subcmd__approve_commands() {
    local commands; commands=()
    _describe -t commands 'omega approve commands' commands "$@"
}
(( $+functions[_omega__subcmd__ask_commands] )) ||
_omega__subcmd__ask_commands() {
    local commands; commands=()
    _describe -t commands 'omega ask commands' commands "$@"
}
(( $+functions[_omega__subcmd__audit_commands] )) ||
_omega__subcmd__audit_commands() {
    local commands; commands=(
'list:List what was done, newest first\: everything for administrators, your own actions otherwise' \
'verify:Check the record'\''s hash chains; exit code 1 and the first wrong row when something was changed, removed or added' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega audit commands' commands "$@"
}
(( $+functions[_omega__subcmd__audit__subcmd__help_commands] )) ||
_omega__subcmd__audit__subcmd__help_commands() {
    local commands; commands=(
'list:List what was done, newest first\: everything for administrators, your own actions otherwise' \
'verify:Check the record'\''s hash chains; exit code 1 and the first wrong row when something was changed, removed or added' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega audit help commands' commands "$@"
}
(( $+functions[_omega__subcmd__audit__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__audit__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega audit help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__audit__subcmd__help__subcmd__list_commands] )) ||
_omega__subcmd__audit__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega audit help list commands' commands "$@"
}
(( $+functions[_omega__subcmd__audit__subcmd__help__subcmd__verify_commands] )) ||
_omega__subcmd__audit__subcmd__help__subcmd__verify_commands() {
    local commands; commands=()
    _describe -t commands 'omega audit help verify commands' commands "$@"
}
(( $+functions[_omega__subcmd__audit__subcmd__list_commands] )) ||
_omega__subcmd__audit__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega audit list commands' commands "$@"
}
(( $+functions[_omega__subcmd__audit__subcmd__verify_commands] )) ||
_omega__subcmd__audit__subcmd__verify_commands() {
    local commands; commands=()
    _describe -t commands 'omega audit verify commands' commands "$@"
}
(( $+functions[_omega__subcmd__cancel_commands] )) ||
_omega__subcmd__cancel_commands() {
    local commands; commands=()
    _describe -t commands 'omega cancel commands' commands "$@"
}
(( $+functions[_omega__subcmd__chat_commands] )) ||
_omega__subcmd__chat_commands() {
    local commands; commands=()
    _describe -t commands 'omega chat commands' commands "$@"
}
(( $+functions[_omega__subcmd__completions_commands] )) ||
_omega__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'omega completions commands' commands "$@"
}
(( $+functions[_omega__subcmd__config_commands] )) ||
_omega__subcmd__config_commands() {
    local commands; commands=(
'show:Show every setting' \
'path:Print the path of the user'\''s configuration file' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega config commands' commands "$@"
}
(( $+functions[_omega__subcmd__config__subcmd__help_commands] )) ||
_omega__subcmd__config__subcmd__help_commands() {
    local commands; commands=(
'show:Show every setting' \
'path:Print the path of the user'\''s configuration file' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega config help commands' commands "$@"
}
(( $+functions[_omega__subcmd__config__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__config__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega config help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__config__subcmd__help__subcmd__path_commands] )) ||
_omega__subcmd__config__subcmd__help__subcmd__path_commands() {
    local commands; commands=()
    _describe -t commands 'omega config help path commands' commands "$@"
}
(( $+functions[_omega__subcmd__config__subcmd__help__subcmd__show_commands] )) ||
_omega__subcmd__config__subcmd__help__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega config help show commands' commands "$@"
}
(( $+functions[_omega__subcmd__config__subcmd__path_commands] )) ||
_omega__subcmd__config__subcmd__path_commands() {
    local commands; commands=()
    _describe -t commands 'omega config path commands' commands "$@"
}
(( $+functions[_omega__subcmd__config__subcmd__show_commands] )) ||
_omega__subcmd__config__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega config show commands' commands "$@"
}
(( $+functions[_omega__subcmd__debug_commands] )) ||
_omega__subcmd__debug_commands() {
    local commands; commands=(
'failpoints:Print the names that OMEGA_FAILPOINT takes' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega debug commands' commands "$@"
}
(( $+functions[_omega__subcmd__debug__subcmd__failpoints_commands] )) ||
_omega__subcmd__debug__subcmd__failpoints_commands() {
    local commands; commands=()
    _describe -t commands 'omega debug failpoints commands' commands "$@"
}
(( $+functions[_omega__subcmd__debug__subcmd__help_commands] )) ||
_omega__subcmd__debug__subcmd__help_commands() {
    local commands; commands=(
'failpoints:Print the names that OMEGA_FAILPOINT takes' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega debug help commands' commands "$@"
}
(( $+functions[_omega__subcmd__debug__subcmd__help__subcmd__failpoints_commands] )) ||
_omega__subcmd__debug__subcmd__help__subcmd__failpoints_commands() {
    local commands; commands=()
    _describe -t commands 'omega debug help failpoints commands' commands "$@"
}
(( $+functions[_omega__subcmd__debug__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__debug__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega debug help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__doctor_commands] )) ||
_omega__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'omega doctor commands' commands "$@"
}
(( $+functions[_omega__subcmd__executor_commands] )) ||
_omega__subcmd__executor_commands() {
    local commands; commands=()
    _describe -t commands 'omega executor commands' commands "$@"
}
(( $+functions[_omega__subcmd__export_commands] )) ||
_omega__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'omega export commands' commands "$@"
}
(( $+functions[_omega__subcmd__help_commands] )) ||
_omega__subcmd__help_commands() {
    local commands; commands=(
'ask:Ask once and get the answer on stdout' \
'chat:Talk in the terminal' \
'serve:Run the server' \
'executor:Run this machine'\''s sandbox as an executor for servers elsewhere' \
'show:Show a conversation' \
'export:Write a conversation as Markdown or JSON' \
'import:Reads a conversation that \`omega export --format json\` wrote, as a new one of your own' \
'plan:Propose plans for a task without doing anything' \
'approve:Allow or refuse the calls that a run waits with' \
'approvals:List and revoke the yeses that last' \
'provide:Give a run the variables that it waits for' \
'alternatives:Choose another tool in place of one that failed' \
'share:Show a conversation'\''s link and who takes part, and change who may open it' \
'cancel:Cancel what a conversation is doing' \
'recent:List the conversations you used last' \
'tools:Find, look at and run tools of the registry' \
'registry:Add tools to the registry, and take them out' \
'models:List providers and models, and why some can'\''t be used' \
'status:Show how the server, its registry and its executor are' \
'doctor:Look for what is wrong; changes nothing' \
'login:Sign in to a shared server' \
'logout:Forget the key of a shared server' \
'whoami:Show who you are on the server' \
'profile:Show how others see you, or change it' \
'users:List, make and shut out the server'\''s users' \
'api-keys:List, make and revoke the server'\''s API keys' \
'keys:List, store and remove the credentials that tools may use' \
'settings:Show and change your settings on the server' \
'pins:List, add and remove the tools that are always at hand' \
'vault:Change how the server keeps secrets' \
'audit:Read what was done on the server, and check that the record is whole' \
'config:Show this machine'\''s configuration and where it comes from' \
'open:Open a conversation'\''s page in the browser' \
'completions:Print the completions of a shell' \
'man:Write the man pages into a folder' \
'debug:What only tests of Omega itself need' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega help commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__alternatives_commands] )) ||
_omega__subcmd__help__subcmd__alternatives_commands() {
    local commands; commands=()
    _describe -t commands 'omega help alternatives commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__api-keys_commands] )) ||
_omega__subcmd__help__subcmd__api-keys_commands() {
    local commands; commands=(
'list:List the keys; the keys themselves are never shown again' \
'create:Make a key and print it once' \
'revoke:Revoke a key at once' \
    )
    _describe -t commands 'omega help api-keys commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__api-keys__subcmd__create_commands] )) ||
_omega__subcmd__help__subcmd__api-keys__subcmd__create_commands() {
    local commands; commands=()
    _describe -t commands 'omega help api-keys create commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__api-keys__subcmd__list_commands] )) ||
_omega__subcmd__help__subcmd__api-keys__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega help api-keys list commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__api-keys__subcmd__revoke_commands] )) ||
_omega__subcmd__help__subcmd__api-keys__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega help api-keys revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__approvals_commands] )) ||
_omega__subcmd__help__subcmd__approvals_commands() {
    local commands; commands=(
'list:List them' \
'revoke:Take one back\: its tool is asked about again' \
    )
    _describe -t commands 'omega help approvals commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__approvals__subcmd__list_commands] )) ||
_omega__subcmd__help__subcmd__approvals__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega help approvals list commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__approvals__subcmd__revoke_commands] )) ||
_omega__subcmd__help__subcmd__approvals__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega help approvals revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__approve_commands] )) ||
_omega__subcmd__help__subcmd__approve_commands() {
    local commands; commands=()
    _describe -t commands 'omega help approve commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__ask_commands] )) ||
_omega__subcmd__help__subcmd__ask_commands() {
    local commands; commands=()
    _describe -t commands 'omega help ask commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__audit_commands] )) ||
_omega__subcmd__help__subcmd__audit_commands() {
    local commands; commands=(
'list:List what was done, newest first\: everything for administrators, your own actions otherwise' \
'verify:Check the record'\''s hash chains; exit code 1 and the first wrong row when something was changed, removed or added' \
    )
    _describe -t commands 'omega help audit commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__audit__subcmd__list_commands] )) ||
_omega__subcmd__help__subcmd__audit__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega help audit list commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__audit__subcmd__verify_commands] )) ||
_omega__subcmd__help__subcmd__audit__subcmd__verify_commands() {
    local commands; commands=()
    _describe -t commands 'omega help audit verify commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__cancel_commands] )) ||
_omega__subcmd__help__subcmd__cancel_commands() {
    local commands; commands=()
    _describe -t commands 'omega help cancel commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__chat_commands] )) ||
_omega__subcmd__help__subcmd__chat_commands() {
    local commands; commands=()
    _describe -t commands 'omega help chat commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__completions_commands] )) ||
_omega__subcmd__help__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'omega help completions commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__config_commands] )) ||
_omega__subcmd__help__subcmd__config_commands() {
    local commands; commands=(
'show:Show every setting' \
'path:Print the path of the user'\''s configuration file' \
    )
    _describe -t commands 'omega help config commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__config__subcmd__path_commands] )) ||
_omega__subcmd__help__subcmd__config__subcmd__path_commands() {
    local commands; commands=()
    _describe -t commands 'omega help config path commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__config__subcmd__show_commands] )) ||
_omega__subcmd__help__subcmd__config__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega help config show commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__debug_commands] )) ||
_omega__subcmd__help__subcmd__debug_commands() {
    local commands; commands=(
'failpoints:Print the names that OMEGA_FAILPOINT takes' \
    )
    _describe -t commands 'omega help debug commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__debug__subcmd__failpoints_commands] )) ||
_omega__subcmd__help__subcmd__debug__subcmd__failpoints_commands() {
    local commands; commands=()
    _describe -t commands 'omega help debug failpoints commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__doctor_commands] )) ||
_omega__subcmd__help__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'omega help doctor commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__executor_commands] )) ||
_omega__subcmd__help__subcmd__executor_commands() {
    local commands; commands=()
    _describe -t commands 'omega help executor commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__export_commands] )) ||
_omega__subcmd__help__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'omega help export commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__import_commands] )) ||
_omega__subcmd__help__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'omega help import commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__keys_commands] )) ||
_omega__subcmd__help__subcmd__keys_commands() {
    local commands; commands=(
'list:List them\: names and last characters, never values' \
'set:Store one, or replace it; the value comes from stdin or a hidden prompt. A model provider'\''s key (OPENAI_API_KEY) pays for your runs in place of the server'\''s, and no tool gets it' \
'remove:Delete one' \
'grants:List and revoke the leave that tools have to use what is stored for all tools' \
    )
    _describe -t commands 'omega help keys commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__keys__subcmd__grants_commands] )) ||
_omega__subcmd__help__subcmd__keys__subcmd__grants_commands() {
    local commands; commands=(
'list:List them' \
'revoke:Take one back\: the tool'\''s next use of the credential asks again' \
    )
    _describe -t commands 'omega help keys grants commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__keys__subcmd__grants__subcmd__list_commands] )) ||
_omega__subcmd__help__subcmd__keys__subcmd__grants__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega help keys grants list commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__keys__subcmd__grants__subcmd__revoke_commands] )) ||
_omega__subcmd__help__subcmd__keys__subcmd__grants__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega help keys grants revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__keys__subcmd__list_commands] )) ||
_omega__subcmd__help__subcmd__keys__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega help keys list commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__keys__subcmd__remove_commands] )) ||
_omega__subcmd__help__subcmd__keys__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega help keys remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__keys__subcmd__set_commands] )) ||
_omega__subcmd__help__subcmd__keys__subcmd__set_commands() {
    local commands; commands=()
    _describe -t commands 'omega help keys set commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__login_commands] )) ||
_omega__subcmd__help__subcmd__login_commands() {
    local commands; commands=()
    _describe -t commands 'omega help login commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__logout_commands] )) ||
_omega__subcmd__help__subcmd__logout_commands() {
    local commands; commands=()
    _describe -t commands 'omega help logout commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__man_commands] )) ||
_omega__subcmd__help__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'omega help man commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__models_commands] )) ||
_omega__subcmd__help__subcmd__models_commands() {
    local commands; commands=()
    _describe -t commands 'omega help models commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__open_commands] )) ||
_omega__subcmd__help__subcmd__open_commands() {
    local commands; commands=()
    _describe -t commands 'omega help open commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__pins_commands] )) ||
_omega__subcmd__help__subcmd__pins_commands() {
    local commands; commands=(
'list:List them' \
'add:Pin tools of the registry' \
'remove:Unpin tools' \
    )
    _describe -t commands 'omega help pins commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__pins__subcmd__add_commands] )) ||
_omega__subcmd__help__subcmd__pins__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'omega help pins add commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__pins__subcmd__list_commands] )) ||
_omega__subcmd__help__subcmd__pins__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega help pins list commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__pins__subcmd__remove_commands] )) ||
_omega__subcmd__help__subcmd__pins__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega help pins remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__plan_commands] )) ||
_omega__subcmd__help__subcmd__plan_commands() {
    local commands; commands=(
'select:Choose the plan that a paused run follows, or ask for other plans' \
    )
    _describe -t commands 'omega help plan commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__plan__subcmd__select_commands] )) ||
_omega__subcmd__help__subcmd__plan__subcmd__select_commands() {
    local commands; commands=()
    _describe -t commands 'omega help plan select commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__profile_commands] )) ||
_omega__subcmd__help__subcmd__profile_commands() {
    local commands; commands=()
    _describe -t commands 'omega help profile commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__provide_commands] )) ||
_omega__subcmd__help__subcmd__provide_commands() {
    local commands; commands=()
    _describe -t commands 'omega help provide commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__recent_commands] )) ||
_omega__subcmd__help__subcmd__recent_commands() {
    local commands; commands=()
    _describe -t commands 'omega help recent commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__registry_commands] )) ||
_omega__subcmd__help__subcmd__registry_commands() {
    local commands; commands=(
'add:Add an npm package'\''s tools, or one of its functions as a tool' \
'remove:Take out what was added of a package' \
'list:List the tools that are yours alone' \
'import:Import many tools from a file' \
'status:Show how many tools the registry has' \
    )
    _describe -t commands 'omega help registry commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__registry__subcmd__add_commands] )) ||
_omega__subcmd__help__subcmd__registry__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'omega help registry add commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__registry__subcmd__import_commands] )) ||
_omega__subcmd__help__subcmd__registry__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'omega help registry import commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__registry__subcmd__list_commands] )) ||
_omega__subcmd__help__subcmd__registry__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega help registry list commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__registry__subcmd__remove_commands] )) ||
_omega__subcmd__help__subcmd__registry__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega help registry remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__registry__subcmd__status_commands] )) ||
_omega__subcmd__help__subcmd__registry__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'omega help registry status commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__serve_commands] )) ||
_omega__subcmd__help__subcmd__serve_commands() {
    local commands; commands=()
    _describe -t commands 'omega help serve commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__settings_commands] )) ||
_omega__subcmd__help__subcmd__settings_commands() {
    local commands; commands=(
'show:Show all of them' \
'get:Show one' \
'set:Change one' \
'prompt:Show the system prompt that new runs get' \
'edit:Change them as a document in your editor (VISUAL, EDITOR)' \
    )
    _describe -t commands 'omega help settings commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__settings__subcmd__edit_commands] )) ||
_omega__subcmd__help__subcmd__settings__subcmd__edit_commands() {
    local commands; commands=()
    _describe -t commands 'omega help settings edit commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__settings__subcmd__get_commands] )) ||
_omega__subcmd__help__subcmd__settings__subcmd__get_commands() {
    local commands; commands=()
    _describe -t commands 'omega help settings get commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__settings__subcmd__prompt_commands] )) ||
_omega__subcmd__help__subcmd__settings__subcmd__prompt_commands() {
    local commands; commands=()
    _describe -t commands 'omega help settings prompt commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__settings__subcmd__set_commands] )) ||
_omega__subcmd__help__subcmd__settings__subcmd__set_commands() {
    local commands; commands=()
    _describe -t commands 'omega help settings set commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__settings__subcmd__show_commands] )) ||
_omega__subcmd__help__subcmd__settings__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega help settings show commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__share_commands] )) ||
_omega__subcmd__help__subcmd__share_commands() {
    local commands; commands=()
    _describe -t commands 'omega help share commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__show_commands] )) ||
_omega__subcmd__help__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega help show commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__status_commands] )) ||
_omega__subcmd__help__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'omega help status commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__tools_commands] )) ||
_omega__subcmd__help__subcmd__tools_commands() {
    local commands; commands=(
'search:Find tools by what they do' \
'show:Show one tool\: what it does, its input, the variables it reads' \
'run:Run one tool once, in the sandbox' \
    )
    _describe -t commands 'omega help tools commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__tools__subcmd__run_commands] )) ||
_omega__subcmd__help__subcmd__tools__subcmd__run_commands() {
    local commands; commands=()
    _describe -t commands 'omega help tools run commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__tools__subcmd__search_commands] )) ||
_omega__subcmd__help__subcmd__tools__subcmd__search_commands() {
    local commands; commands=()
    _describe -t commands 'omega help tools search commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__tools__subcmd__show_commands] )) ||
_omega__subcmd__help__subcmd__tools__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega help tools show commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__users_commands] )) ||
_omega__subcmd__help__subcmd__users_commands() {
    local commands; commands=(
'list:List them' \
'create:Make a user, and print the first API key once' \
'disable:Shut a user out\: keys and sessions end at once' \
    )
    _describe -t commands 'omega help users commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__users__subcmd__create_commands] )) ||
_omega__subcmd__help__subcmd__users__subcmd__create_commands() {
    local commands; commands=()
    _describe -t commands 'omega help users create commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__users__subcmd__disable_commands] )) ||
_omega__subcmd__help__subcmd__users__subcmd__disable_commands() {
    local commands; commands=()
    _describe -t commands 'omega help users disable commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__users__subcmd__list_commands] )) ||
_omega__subcmd__help__subcmd__users__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega help users list commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__vault_commands] )) ||
_omega__subcmd__help__subcmd__vault_commands() {
    local commands; commands=(
'rotate:Change the server'\''s master key while it works; administrators only' \
    )
    _describe -t commands 'omega help vault commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__vault__subcmd__rotate_commands] )) ||
_omega__subcmd__help__subcmd__vault__subcmd__rotate_commands() {
    local commands; commands=()
    _describe -t commands 'omega help vault rotate commands' commands "$@"
}
(( $+functions[_omega__subcmd__help__subcmd__whoami_commands] )) ||
_omega__subcmd__help__subcmd__whoami_commands() {
    local commands; commands=()
    _describe -t commands 'omega help whoami commands' commands "$@"
}
(( $+functions[_omega__subcmd__import_commands] )) ||
_omega__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'omega import commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys_commands] )) ||
_omega__subcmd__keys_commands() {
    local commands; commands=(
'list:List them\: names and last characters, never values' \
'set:Store one, or replace it; the value comes from stdin or a hidden prompt. A model provider'\''s key (OPENAI_API_KEY) pays for your runs in place of the server'\''s, and no tool gets it' \
'remove:Delete one' \
'grants:List and revoke the leave that tools have to use what is stored for all tools' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega keys commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__grants_commands] )) ||
_omega__subcmd__keys__subcmd__grants_commands() {
    local commands; commands=(
'list:List them' \
'revoke:Take one back\: the tool'\''s next use of the credential asks again' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega keys grants commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__grants__subcmd__help_commands] )) ||
_omega__subcmd__keys__subcmd__grants__subcmd__help_commands() {
    local commands; commands=(
'list:List them' \
'revoke:Take one back\: the tool'\''s next use of the credential asks again' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega keys grants help commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__grants__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__keys__subcmd__grants__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys grants help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__grants__subcmd__help__subcmd__list_commands] )) ||
_omega__subcmd__keys__subcmd__grants__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys grants help list commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__grants__subcmd__help__subcmd__revoke_commands] )) ||
_omega__subcmd__keys__subcmd__grants__subcmd__help__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys grants help revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__grants__subcmd__list_commands] )) ||
_omega__subcmd__keys__subcmd__grants__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys grants list commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__grants__subcmd__revoke_commands] )) ||
_omega__subcmd__keys__subcmd__grants__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys grants revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__help_commands] )) ||
_omega__subcmd__keys__subcmd__help_commands() {
    local commands; commands=(
'list:List them\: names and last characters, never values' \
'set:Store one, or replace it; the value comes from stdin or a hidden prompt. A model provider'\''s key (OPENAI_API_KEY) pays for your runs in place of the server'\''s, and no tool gets it' \
'remove:Delete one' \
'grants:List and revoke the leave that tools have to use what is stored for all tools' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega keys help commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__help__subcmd__grants_commands] )) ||
_omega__subcmd__keys__subcmd__help__subcmd__grants_commands() {
    local commands; commands=(
'list:List them' \
'revoke:Take one back\: the tool'\''s next use of the credential asks again' \
    )
    _describe -t commands 'omega keys help grants commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__help__subcmd__grants__subcmd__list_commands] )) ||
_omega__subcmd__keys__subcmd__help__subcmd__grants__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys help grants list commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__help__subcmd__grants__subcmd__revoke_commands] )) ||
_omega__subcmd__keys__subcmd__help__subcmd__grants__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys help grants revoke commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__keys__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__help__subcmd__list_commands] )) ||
_omega__subcmd__keys__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys help list commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__help__subcmd__remove_commands] )) ||
_omega__subcmd__keys__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys help remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__help__subcmd__set_commands] )) ||
_omega__subcmd__keys__subcmd__help__subcmd__set_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys help set commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__list_commands] )) ||
_omega__subcmd__keys__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys list commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__remove_commands] )) ||
_omega__subcmd__keys__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__keys__subcmd__set_commands] )) ||
_omega__subcmd__keys__subcmd__set_commands() {
    local commands; commands=()
    _describe -t commands 'omega keys set commands' commands "$@"
}
(( $+functions[_omega__subcmd__login_commands] )) ||
_omega__subcmd__login_commands() {
    local commands; commands=()
    _describe -t commands 'omega login commands' commands "$@"
}
(( $+functions[_omega__subcmd__logout_commands] )) ||
_omega__subcmd__logout_commands() {
    local commands; commands=()
    _describe -t commands 'omega logout commands' commands "$@"
}
(( $+functions[_omega__subcmd__man_commands] )) ||
_omega__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'omega man commands' commands "$@"
}
(( $+functions[_omega__subcmd__models_commands] )) ||
_omega__subcmd__models_commands() {
    local commands; commands=()
    _describe -t commands 'omega models commands' commands "$@"
}
(( $+functions[_omega__subcmd__open_commands] )) ||
_omega__subcmd__open_commands() {
    local commands; commands=()
    _describe -t commands 'omega open commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins_commands] )) ||
_omega__subcmd__pins_commands() {
    local commands; commands=(
'list:List them' \
'add:Pin tools of the registry' \
'remove:Unpin tools' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega pins commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins__subcmd__add_commands] )) ||
_omega__subcmd__pins__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'omega pins add commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins__subcmd__help_commands] )) ||
_omega__subcmd__pins__subcmd__help_commands() {
    local commands; commands=(
'list:List them' \
'add:Pin tools of the registry' \
'remove:Unpin tools' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega pins help commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins__subcmd__help__subcmd__add_commands] )) ||
_omega__subcmd__pins__subcmd__help__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'omega pins help add commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__pins__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega pins help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins__subcmd__help__subcmd__list_commands] )) ||
_omega__subcmd__pins__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega pins help list commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins__subcmd__help__subcmd__remove_commands] )) ||
_omega__subcmd__pins__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega pins help remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins__subcmd__list_commands] )) ||
_omega__subcmd__pins__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega pins list commands' commands "$@"
}
(( $+functions[_omega__subcmd__pins__subcmd__remove_commands] )) ||
_omega__subcmd__pins__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega pins remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__plan_commands] )) ||
_omega__subcmd__plan_commands() {
    local commands; commands=(
'select:Choose the plan that a paused run follows, or ask for other plans' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega plan commands' commands "$@"
}
(( $+functions[_omega__subcmd__plan__subcmd__help_commands] )) ||
_omega__subcmd__plan__subcmd__help_commands() {
    local commands; commands=(
'select:Choose the plan that a paused run follows, or ask for other plans' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega plan help commands' commands "$@"
}
(( $+functions[_omega__subcmd__plan__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__plan__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega plan help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__plan__subcmd__help__subcmd__select_commands] )) ||
_omega__subcmd__plan__subcmd__help__subcmd__select_commands() {
    local commands; commands=()
    _describe -t commands 'omega plan help select commands' commands "$@"
}
(( $+functions[_omega__subcmd__plan__subcmd__select_commands] )) ||
_omega__subcmd__plan__subcmd__select_commands() {
    local commands; commands=()
    _describe -t commands 'omega plan select commands' commands "$@"
}
(( $+functions[_omega__subcmd__profile_commands] )) ||
_omega__subcmd__profile_commands() {
    local commands; commands=()
    _describe -t commands 'omega profile commands' commands "$@"
}
(( $+functions[_omega__subcmd__provide_commands] )) ||
_omega__subcmd__provide_commands() {
    local commands; commands=()
    _describe -t commands 'omega provide commands' commands "$@"
}
(( $+functions[_omega__subcmd__recent_commands] )) ||
_omega__subcmd__recent_commands() {
    local commands; commands=()
    _describe -t commands 'omega recent commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry_commands] )) ||
_omega__subcmd__registry_commands() {
    local commands; commands=(
'add:Add an npm package'\''s tools, or one of its functions as a tool' \
'remove:Take out what was added of a package' \
'list:List the tools that are yours alone' \
'import:Import many tools from a file' \
'status:Show how many tools the registry has' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega registry commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__add_commands] )) ||
_omega__subcmd__registry__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry add commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__help_commands] )) ||
_omega__subcmd__registry__subcmd__help_commands() {
    local commands; commands=(
'add:Add an npm package'\''s tools, or one of its functions as a tool' \
'remove:Take out what was added of a package' \
'list:List the tools that are yours alone' \
'import:Import many tools from a file' \
'status:Show how many tools the registry has' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega registry help commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__help__subcmd__add_commands] )) ||
_omega__subcmd__registry__subcmd__help__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry help add commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__registry__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__help__subcmd__import_commands] )) ||
_omega__subcmd__registry__subcmd__help__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry help import commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__help__subcmd__list_commands] )) ||
_omega__subcmd__registry__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry help list commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__help__subcmd__remove_commands] )) ||
_omega__subcmd__registry__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry help remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__help__subcmd__status_commands] )) ||
_omega__subcmd__registry__subcmd__help__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry help status commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__import_commands] )) ||
_omega__subcmd__registry__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry import commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__list_commands] )) ||
_omega__subcmd__registry__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry list commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__remove_commands] )) ||
_omega__subcmd__registry__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry remove commands' commands "$@"
}
(( $+functions[_omega__subcmd__registry__subcmd__status_commands] )) ||
_omega__subcmd__registry__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'omega registry status commands' commands "$@"
}
(( $+functions[_omega__subcmd__serve_commands] )) ||
_omega__subcmd__serve_commands() {
    local commands; commands=()
    _describe -t commands 'omega serve commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings_commands] )) ||
_omega__subcmd__settings_commands() {
    local commands; commands=(
'show:Show all of them' \
'get:Show one' \
'set:Change one' \
'prompt:Show the system prompt that new runs get' \
'edit:Change them as a document in your editor (VISUAL, EDITOR)' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega settings commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__edit_commands] )) ||
_omega__subcmd__settings__subcmd__edit_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings edit commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__get_commands] )) ||
_omega__subcmd__settings__subcmd__get_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings get commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__help_commands] )) ||
_omega__subcmd__settings__subcmd__help_commands() {
    local commands; commands=(
'show:Show all of them' \
'get:Show one' \
'set:Change one' \
'prompt:Show the system prompt that new runs get' \
'edit:Change them as a document in your editor (VISUAL, EDITOR)' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega settings help commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__help__subcmd__edit_commands] )) ||
_omega__subcmd__settings__subcmd__help__subcmd__edit_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings help edit commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__help__subcmd__get_commands] )) ||
_omega__subcmd__settings__subcmd__help__subcmd__get_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings help get commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__settings__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__help__subcmd__prompt_commands] )) ||
_omega__subcmd__settings__subcmd__help__subcmd__prompt_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings help prompt commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__help__subcmd__set_commands] )) ||
_omega__subcmd__settings__subcmd__help__subcmd__set_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings help set commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__help__subcmd__show_commands] )) ||
_omega__subcmd__settings__subcmd__help__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings help show commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__prompt_commands] )) ||
_omega__subcmd__settings__subcmd__prompt_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings prompt commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__set_commands] )) ||
_omega__subcmd__settings__subcmd__set_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings set commands' commands "$@"
}
(( $+functions[_omega__subcmd__settings__subcmd__show_commands] )) ||
_omega__subcmd__settings__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega settings show commands' commands "$@"
}
(( $+functions[_omega__subcmd__share_commands] )) ||
_omega__subcmd__share_commands() {
    local commands; commands=()
    _describe -t commands 'omega share commands' commands "$@"
}
(( $+functions[_omega__subcmd__show_commands] )) ||
_omega__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega show commands' commands "$@"
}
(( $+functions[_omega__subcmd__status_commands] )) ||
_omega__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'omega status commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools_commands] )) ||
_omega__subcmd__tools_commands() {
    local commands; commands=(
'search:Find tools by what they do' \
'show:Show one tool\: what it does, its input, the variables it reads' \
'run:Run one tool once, in the sandbox' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega tools commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools__subcmd__help_commands] )) ||
_omega__subcmd__tools__subcmd__help_commands() {
    local commands; commands=(
'search:Find tools by what they do' \
'show:Show one tool\: what it does, its input, the variables it reads' \
'run:Run one tool once, in the sandbox' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega tools help commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__tools__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega tools help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools__subcmd__help__subcmd__run_commands] )) ||
_omega__subcmd__tools__subcmd__help__subcmd__run_commands() {
    local commands; commands=()
    _describe -t commands 'omega tools help run commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools__subcmd__help__subcmd__search_commands] )) ||
_omega__subcmd__tools__subcmd__help__subcmd__search_commands() {
    local commands; commands=()
    _describe -t commands 'omega tools help search commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools__subcmd__help__subcmd__show_commands] )) ||
_omega__subcmd__tools__subcmd__help__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega tools help show commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools__subcmd__run_commands] )) ||
_omega__subcmd__tools__subcmd__run_commands() {
    local commands; commands=()
    _describe -t commands 'omega tools run commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools__subcmd__search_commands] )) ||
_omega__subcmd__tools__subcmd__search_commands() {
    local commands; commands=()
    _describe -t commands 'omega tools search commands' commands "$@"
}
(( $+functions[_omega__subcmd__tools__subcmd__show_commands] )) ||
_omega__subcmd__tools__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'omega tools show commands' commands "$@"
}
(( $+functions[_omega__subcmd__users_commands] )) ||
_omega__subcmd__users_commands() {
    local commands; commands=(
'list:List them' \
'create:Make a user, and print the first API key once' \
'disable:Shut a user out\: keys and sessions end at once' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega users commands' commands "$@"
}
(( $+functions[_omega__subcmd__users__subcmd__create_commands] )) ||
_omega__subcmd__users__subcmd__create_commands() {
    local commands; commands=()
    _describe -t commands 'omega users create commands' commands "$@"
}
(( $+functions[_omega__subcmd__users__subcmd__disable_commands] )) ||
_omega__subcmd__users__subcmd__disable_commands() {
    local commands; commands=()
    _describe -t commands 'omega users disable commands' commands "$@"
}
(( $+functions[_omega__subcmd__users__subcmd__help_commands] )) ||
_omega__subcmd__users__subcmd__help_commands() {
    local commands; commands=(
'list:List them' \
'create:Make a user, and print the first API key once' \
'disable:Shut a user out\: keys and sessions end at once' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega users help commands' commands "$@"
}
(( $+functions[_omega__subcmd__users__subcmd__help__subcmd__create_commands] )) ||
_omega__subcmd__users__subcmd__help__subcmd__create_commands() {
    local commands; commands=()
    _describe -t commands 'omega users help create commands' commands "$@"
}
(( $+functions[_omega__subcmd__users__subcmd__help__subcmd__disable_commands] )) ||
_omega__subcmd__users__subcmd__help__subcmd__disable_commands() {
    local commands; commands=()
    _describe -t commands 'omega users help disable commands' commands "$@"
}
(( $+functions[_omega__subcmd__users__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__users__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega users help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__users__subcmd__help__subcmd__list_commands] )) ||
_omega__subcmd__users__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega users help list commands' commands "$@"
}
(( $+functions[_omega__subcmd__users__subcmd__list_commands] )) ||
_omega__subcmd__users__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'omega users list commands' commands "$@"
}
(( $+functions[_omega__subcmd__vault_commands] )) ||
_omega__subcmd__vault_commands() {
    local commands; commands=(
'rotate:Change the server'\''s master key while it works; administrators only' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega vault commands' commands "$@"
}
(( $+functions[_omega__subcmd__vault__subcmd__help_commands] )) ||
_omega__subcmd__vault__subcmd__help_commands() {
    local commands; commands=(
'rotate:Change the server'\''s master key while it works; administrators only' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'omega vault help commands' commands "$@"
}
(( $+functions[_omega__subcmd__vault__subcmd__help__subcmd__help_commands] )) ||
_omega__subcmd__vault__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'omega vault help help commands' commands "$@"
}
(( $+functions[_omega__subcmd__vault__subcmd__help__subcmd__rotate_commands] )) ||
_omega__subcmd__vault__subcmd__help__subcmd__rotate_commands() {
    local commands; commands=()
    _describe -t commands 'omega vault help rotate commands' commands "$@"
}
(( $+functions[_omega__subcmd__vault__subcmd__rotate_commands] )) ||
_omega__subcmd__vault__subcmd__rotate_commands() {
    local commands; commands=()
    _describe -t commands 'omega vault rotate commands' commands "$@"
}
(( $+functions[_omega__subcmd__whoami_commands] )) ||
_omega__subcmd__whoami_commands() {
    local commands; commands=()
    _describe -t commands 'omega whoami commands' commands "$@"
}

if [ "$funcstack[1]" = "_omega" ]; then
    _omega "$@"
else
    compdef _omega omega
fi
