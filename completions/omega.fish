# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_omega_global_optspecs
    string join \n server= profile= q/quiet v/verbose h/help V/version
end

function __fish_omega_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_omega_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_omega_using_subcommand
    set -l cmd (__fish_omega_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c omega -n "__fish_omega_needs_command" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_needs_command" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_needs_command" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_needs_command" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c omega -n "__fish_omega_needs_command" -s V -l version -d 'Print version'
complete -c omega -n "__fish_omega_needs_command" -f -a "ask" -d 'Ask once and get the answer on stdout'
complete -c omega -n "__fish_omega_needs_command" -f -a "chat" -d 'Talk in the terminal'
complete -c omega -n "__fish_omega_needs_command" -f -a "serve" -d 'Run the server'
complete -c omega -n "__fish_omega_needs_command" -f -a "executor" -d 'Run this machine\'s sandbox as an executor for servers elsewhere'
complete -c omega -n "__fish_omega_needs_command" -f -a "show" -d 'Show a conversation'
complete -c omega -n "__fish_omega_needs_command" -f -a "export" -d 'Write a conversation as Markdown or JSON'
complete -c omega -n "__fish_omega_needs_command" -f -a "import" -d 'Reads a conversation that `omega export --format json` wrote, as a new one of your own'
complete -c omega -n "__fish_omega_needs_command" -f -a "plan" -d 'Propose plans for a task without doing anything'
complete -c omega -n "__fish_omega_needs_command" -f -a "approve" -d 'Allow or refuse the calls that a run waits with'
complete -c omega -n "__fish_omega_needs_command" -f -a "approvals" -d 'List and revoke the yeses that last'
complete -c omega -n "__fish_omega_needs_command" -f -a "provide" -d 'Give a run the variables that it waits for'
complete -c omega -n "__fish_omega_needs_command" -f -a "alternatives" -d 'Choose another tool in place of one that failed'
complete -c omega -n "__fish_omega_needs_command" -f -a "share" -d 'Show a conversation\'s link and who takes part, and change who may open it'
complete -c omega -n "__fish_omega_needs_command" -f -a "cancel" -d 'Cancel what a conversation is doing'
complete -c omega -n "__fish_omega_needs_command" -f -a "recent" -d 'List the conversations you used last'
complete -c omega -n "__fish_omega_needs_command" -f -a "tools" -d 'Find, look at and run tools of the registry'
complete -c omega -n "__fish_omega_needs_command" -f -a "registry" -d 'Add tools to the registry, and take them out'
complete -c omega -n "__fish_omega_needs_command" -f -a "models" -d 'List providers and models, and why some can\'t be used'
complete -c omega -n "__fish_omega_needs_command" -f -a "status" -d 'Show how the server, its registry and its executor are'
complete -c omega -n "__fish_omega_needs_command" -f -a "doctor" -d 'Look for what is wrong; changes nothing'
complete -c omega -n "__fish_omega_needs_command" -f -a "login" -d 'Sign in to a shared server'
complete -c omega -n "__fish_omega_needs_command" -f -a "logout" -d 'Forget the key of a shared server'
complete -c omega -n "__fish_omega_needs_command" -f -a "whoami" -d 'Show who you are on the server'
complete -c omega -n "__fish_omega_needs_command" -f -a "profile" -d 'Show how others see you, or change it'
complete -c omega -n "__fish_omega_needs_command" -f -a "users" -d 'List, make and shut out the server\'s users'
complete -c omega -n "__fish_omega_needs_command" -f -a "api-keys" -d 'List, make and revoke the server\'s API keys'
complete -c omega -n "__fish_omega_needs_command" -f -a "keys" -d 'List, store and remove the credentials that tools may use'
complete -c omega -n "__fish_omega_needs_command" -f -a "settings" -d 'Show and change your settings on the server'
complete -c omega -n "__fish_omega_needs_command" -f -a "pins" -d 'List, add and remove the tools that are always at hand'
complete -c omega -n "__fish_omega_needs_command" -f -a "vault" -d 'Change how the server keeps secrets'
complete -c omega -n "__fish_omega_needs_command" -f -a "audit" -d 'Read what was done on the server, and check that the record is whole'
complete -c omega -n "__fish_omega_needs_command" -f -a "config" -d 'Show this machine\'s configuration and where it comes from'
complete -c omega -n "__fish_omega_needs_command" -f -a "open" -d 'Open a conversation\'s page in the browser'
complete -c omega -n "__fish_omega_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c omega -n "__fish_omega_needs_command" -f -a "man" -d 'Write the man pages into a folder'
complete -c omega -n "__fish_omega_needs_command" -f -a "debug" -d 'What only tests of Omega itself need'
complete -c omega -n "__fish_omega_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand ask" -s m -l model -d 'provider/model [env: OMEGA_MODEL]' -r
complete -c omega -n "__fish_omega_using_subcommand ask" -l conversation -d 'Go on with this conversation, given by id or address' -r
complete -c omega -n "__fish_omega_using_subcommand ask" -l schema -d 'Ask for an answer that matches this JSON Schema, and check it' -r -F
complete -c omega -n "__fish_omega_using_subcommand ask" -l pin -d 'Prefer this tool (package::export); may be given several times' -r
complete -c omega -n "__fish_omega_using_subcommand ask" -l env -d 'Hand this variable of the environment to tools that declare it (NAME=VALUE sets one; other users of this machine may see a value on the command line)' -r
complete -c omega -n "__fish_omega_using_subcommand ask" -l env-file -d 'Hand the variables of this file (lines of NAME=VALUE) to tools that declare them' -r -F
complete -c omega -n "__fish_omega_using_subcommand ask" -l timeout -d 'Give up after this time, for example 90s or 5m [env: OMEGA_TIMEOUT] [default: 15m]' -r
complete -c omega -n "__fish_omega_using_subcommand ask" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand ask" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand ask" -l stdin -d 'Wait for stdin, however long it takes'
complete -c omega -n "__fish_omega_using_subcommand ask" -l no-stdin -d 'Don\'t look at stdin'
complete -c omega -n "__fish_omega_using_subcommand ask" -s c -l continue -d 'Go on with the conversation that was used last'
complete -c omega -n "__fish_omega_using_subcommand ask" -l json -d 'Print one JSON document at the end: {conversationId, runId, status, answer, toolRuns, usage, model, finishReason}; requiresAction too when the run waits for a person'
complete -c omega -n "__fish_omega_using_subcommand ask" -l stream-json -d 'Print every event as a line of JSON; the last one is always run.completed, run.failed, run.cancelled, or run.requires_action when the run waits for a person'
complete -c omega -n "__fish_omega_using_subcommand ask" -l safe -d 'Safe Mode: in this conversation each tool call waits for a yes, from now on'
complete -c omega -n "__fish_omega_using_subcommand ask" -l plan -d 'Propose plans first, and run the one that is chosen'
complete -c omega -n "__fish_omega_using_subcommand ask" -l no-input -d 'Never ask on the terminal: a run that waits for a person ends the command with exit code 4 or 5'
complete -c omega -n "__fish_omega_using_subcommand ask" -l raw -d 'Print the answer as it came, control characters too; not on a terminal'
complete -c omega -n "__fish_omega_using_subcommand ask" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand ask" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand ask" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand chat" -l conversation -d 'Go on with this conversation, given by id or address' -r
complete -c omega -n "__fish_omega_using_subcommand chat" -s m -l model -d 'provider/model [env: OMEGA_MODEL]' -r
complete -c omega -n "__fish_omega_using_subcommand chat" -l theme -d 'Colours; auto asks the terminal for its background' -r
complete -c omega -n "__fish_omega_using_subcommand chat" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand chat" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand chat" -s c -l continue -d 'Go on with the conversation that was used last'
complete -c omega -n "__fish_omega_using_subcommand chat" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand chat" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand chat" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand serve" -l port -d 'Listen on this port; any free one when 0' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l host -d 'Listen on this address; another one than this machine\'s own wants a proxy with TLS before it' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l database -d 'sqlite:PATH or postgres://... [default: a file in the user\'s data folder]' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l master-key-file -d 'The master key of stored credentials, 32 bytes in base64 or hex, in a file of mode 0600; OMEGA_MASTER_KEY may hold the key itself [default: a file that is made at the first start, in the configuration folder]' -r -F
complete -c omega -n "__fish_omega_using_subcommand serve" -l executor -d 'Run tools on this executor instead of on this machine (`omega executor` is one); several by commas or by giving it again. `local` among them makes this machine the last choice' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l cache-limit-mb -d 'Megabytes of tool packages to keep; the least recently used are removed' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l allow-private-net -d 'Let tools reach this HOST:PORT of a private network; may be given several times' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l key-verifier -d 'Ask this platform about API keys that this server did not make (`https://HOST/api`); who has such a key becomes a user here [default: nobody is asked]' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l avatars -d 'Where the pictures of users come from who gave an e-mail address; only its hash is sent. `off` asks nobody' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l prices -d 'What models cost, as JSON in a file: {"models": {"provider/model": {"input": 0.4, "output": 1.6}}}, in US dollars for a million tokens (also cachedInput, cacheWrite). It goes before the prices that Omega knows' -r -F
complete -c omega -n "__fish_omega_using_subcommand serve" -l rate-limit -d 'How many requests of a class a client may make, `writes=600/60s`; several by commas or by giving it again. Classes: reads, writes, runs, search, execute (not limited unless set here), sign-in (wrong keys of an address) and guesses (conversations that a user asks for and that are not there). Each server counts for itself' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l trusted-proxy -d 'Address of a proxy whose X-Forwarded-For says who the client is; several by commas or by giving it again' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l max-connections -d 'Connections that one address may have at a time, a quarter of the files that may be open at most' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l idle -d 'End after this time without a request and without work; only with --local' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand serve" -l serve-only -d 'Serve only: leave the runs to other servers on the same PostgreSQL'
complete -c omega -n "__fish_omega_using_subcommand serve" -l local -d 'Be the user\'s own server: loopback only, one per user, ends when idle'
complete -c omega -n "__fish_omega_using_subcommand serve" -l json -d 'Print one line of JSON once ready: {url, apiKey?, pid}'
complete -c omega -n "__fish_omega_using_subcommand serve" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand serve" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand serve" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand executor" -l listen -d 'Listen on this address; port 0 takes a free one' -r
complete -c omega -n "__fish_omega_using_subcommand executor" -l api-key-file -d 'Read the key that callers must send from this file [env: OMEGA_EXECUTOR_API_KEY has the key itself]' -r -F
complete -c omega -n "__fish_omega_using_subcommand executor" -l cache -d 'Keep the runtime and the packages in this folder [default: the user\'s cache folder]' -r -F
complete -c omega -n "__fish_omega_using_subcommand executor" -l allow-private-net -d 'Let tools reach this HOST:PORT of a private network; may be given several times' -r
complete -c omega -n "__fish_omega_using_subcommand executor" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand executor" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand executor" -l json -d 'Print one line of JSON once ready: {url, apiKey?, pid}'
complete -c omega -n "__fish_omega_using_subcommand executor" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand executor" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand executor" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand show" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand show" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand show" -l json -d 'Print the answer of the API as JSON'
complete -c omega -n "__fish_omega_using_subcommand show" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand show" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand show" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand export" -l format -d 'Markdown to read, JSON to keep everything' -r -f -a "markdown\t''
json\t''"
complete -c omega -n "__fish_omega_using_subcommand export" -s o -l output -d 'Write to this file instead of stdout' -r -F
complete -c omega -n "__fish_omega_using_subcommand export" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand export" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand export" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand export" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand export" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand import" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand import" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand import" -l json -d 'Print the new conversation as JSON'
complete -c omega -n "__fish_omega_using_subcommand import" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand import" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -l count -d 'How many plans' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -s m -l model -d 'provider/model [env: OMEGA_MODEL]' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -l conversation -d 'Plan in this conversation, given by id or address; in a new one when missing' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -l json -d 'Print the answer of the API as JSON'
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -a "select" -d 'Choose the plan that a paused run follows, or ask for other plans'
complete -c omega -n "__fish_omega_using_subcommand plan; and not __fish_seen_subcommand_from select help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from select" -l conversation -d 'A conversation\'s id or address; the one used last when missing' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from select" -l note -d 'What should be different, for the planner' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from select" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from select" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from select" -l another -d 'Ask for other plans instead'
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from select" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from select" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from select" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "select" -d 'Choose the plan that a paused run follows, or ask for other plans'
complete -c omega -n "__fish_omega_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand approve" -l for -d 'How long the yes lasts: for these calls, for their tools in this conversation, or for their tools everywhere [default: once]' -r -f -a "once\t''
conversation\t''
always\t''"
complete -c omega -n "__fish_omega_using_subcommand approve" -l reason -d 'Why they are refused, for the model' -r
complete -c omega -n "__fish_omega_using_subcommand approve" -l input -d 'Run the one call that waits with this input instead, a JSON object' -r
complete -c omega -n "__fish_omega_using_subcommand approve" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand approve" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand approve" -l deny -d 'Refuse the calls; the model is told, and goes another way'
complete -c omega -n "__fish_omega_using_subcommand approve" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand approve" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand approve" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand approvals; and not __fish_seen_subcommand_from list revoke help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand approvals; and not __fish_seen_subcommand_from list revoke help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand approvals; and not __fish_seen_subcommand_from list revoke help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand approvals; and not __fish_seen_subcommand_from list revoke help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand approvals; and not __fish_seen_subcommand_from list revoke help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand approvals; and not __fish_seen_subcommand_from list revoke help" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand approvals; and not __fish_seen_subcommand_from list revoke help" -f -a "revoke" -d 'Take one back: its tool is asked about again'
complete -c omega -n "__fish_omega_using_subcommand approvals; and not __fish_seen_subcommand_from list revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from list" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from list" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from revoke" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from revoke" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Take one back: its tool is asked about again'
complete -c omega -n "__fish_omega_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand provide" -l env -d 'Give this variable; may be given several times' -r
complete -c omega -n "__fish_omega_using_subcommand provide" -l save -d 'Where the values are kept: nowhere, for the tools that asked, or for all tools' -r -f -a "once\t''
tool\t''
global\t''"
complete -c omega -n "__fish_omega_using_subcommand provide" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand provide" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand provide" -l decline -d 'Go on without them: the calls fail, and the model is told'
complete -c omega -n "__fish_omega_using_subcommand provide" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand provide" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand provide" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand alternatives" -l use -d 'The tool to call instead, one of those that are offered (package::export)' -r
complete -c omega -n "__fish_omega_using_subcommand alternatives" -l call -d 'For this call, when several wait' -r
complete -c omega -n "__fish_omega_using_subcommand alternatives" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand alternatives" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand alternatives" -l none -d 'None of them: the model goes on by itself'
complete -c omega -n "__fish_omega_using_subcommand alternatives" -l json -d 'Print what is offered as JSON, and choose nothing'
complete -c omega -n "__fish_omega_using_subcommand alternatives" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand alternatives" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand alternatives" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand share" -l visibility -d 'Who may open it: whoever has the link, or only you' -r -f -a "link\t''
private\t''"
complete -c omega -n "__fish_omega_using_subcommand share" -l guest-credentials -d 'What guests\' messages may do with your credentials' -r -f -a "approve\t'Each call waits for your yes'
allow\t'Calls use them'
deny\t'No call gets any'"
complete -c omega -n "__fish_omega_using_subcommand share" -l block -d 'Shut a guest out, by user id or name, whatever link they have' -r
complete -c omega -n "__fish_omega_using_subcommand share" -l unblock -d 'Let a guest in again' -r
complete -c omega -n "__fish_omega_using_subcommand share" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand share" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand share" -l rotate -d 'Replace the link; whoever came by the one before is out'
complete -c omega -n "__fish_omega_using_subcommand share" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand share" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand share" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand share" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c omega -n "__fish_omega_using_subcommand cancel" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand cancel" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand cancel" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand cancel" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand cancel" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand recent" -l limit -d 'At most this many' -r
complete -c omega -n "__fish_omega_using_subcommand recent" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand recent" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand recent" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand recent" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand recent" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand recent" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -f -a "search" -d 'Find tools by what they do'
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -f -a "show" -d 'Show one tool: what it does, its input, the variables it reads'
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -f -a "run" -d 'Run one tool once, in the sandbox'
complete -c omega -n "__fish_omega_using_subcommand tools; and not __fish_seen_subcommand_from search show run help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from search" -l limit -d 'At most this many' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from search" -l category -d 'Only this category' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from search" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from search" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from search" -l json -d 'Print the rows as a JSON array, in TPMJS\'s shape'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from search" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from search" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from show" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from show" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from show" -l json -d 'Print the row as JSON, in TPMJS\'s shape'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -s i -l input -d 'The input, a JSON object; `@FILE` reads a file, `-` reads stdin' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -l env -d 'Hand this variable of the environment to tools that declare it (NAME=VALUE sets one; other users of this machine may see a value on the command line)' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -l env-file -d 'Hand the variables of this file (lines of NAME=VALUE) to tools that declare them' -r -F
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -l json -d 'Print `{success, output | error, code?, executionTimeMs}`'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from help" -f -a "search" -d 'Find tools by what they do'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one tool: what it does, its input, the variables it reads'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from help" -f -a "run" -d 'Run one tool once, in the sandbox'
complete -c omega -n "__fish_omega_using_subcommand tools; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -f -a "add" -d 'Add an npm package\'s tools, or one of its functions as a tool'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -f -a "remove" -d 'Take out what was added of a package'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -f -a "list" -d 'List the tools that are yours alone'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -f -a "import" -d 'Import many tools from a file'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -f -a "status" -d 'Show how many tools the registry has'
complete -c omega -n "__fish_omega_using_subcommand registry; and not __fish_seen_subcommand_from add remove list import status help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -l function -d 'Add this exported function as a tool; a dotted path is allowed, `default` too' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -l params -d 'The function\'s parameters, in order' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -l description -d 'What the function does; the package\'s description when missing' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -l for-me -d 'Add it for yourself alone, also as an administrator'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -l allow-older -d 'Set what everybody has back to this older version'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -l json -d 'Print the answer of the API as JSON'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from remove" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from remove" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from remove" -l for-me -d 'Take out what is yours alone, also as an administrator'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from list" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from list" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from list" -l json -d 'Print the rows of the API as JSON'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from import" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from import" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from import" -l json -d 'Print the sums as JSON'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from status" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from status" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from status" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add an npm package\'s tools, or one of its functions as a tool'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take out what was added of a package'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the tools that are yours alone'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "import" -d 'Import many tools from a file'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show how many tools the registry has'
complete -c omega -n "__fish_omega_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand models" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand models" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand models" -l json -d 'Print the answer of the API as JSON'
complete -c omega -n "__fish_omega_using_subcommand models" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand models" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand models" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand status" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand status" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand status" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand status" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand status" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand status" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand doctor" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand doctor" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand doctor" -l json -d 'Print `{checks: [{name, status, message, next?}], summary}`'
complete -c omega -n "__fish_omega_using_subcommand doctor" -l attack -d 'Attack this machine\'s sandbox, which takes ten seconds or twenty and up to 1 GiB of memory and disk for a moment'
complete -c omega -n "__fish_omega_using_subcommand doctor" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand doctor" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand login" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand login" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand login" -l no-default -d 'Keep the key, but don\'t make this the server that commands use'
complete -c omega -n "__fish_omega_using_subcommand login" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand login" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand login" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand logout" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand logout" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand logout" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand logout" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand logout" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand whoami" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand whoami" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand whoami" -l json -d 'Print the answer of the API as JSON'
complete -c omega -n "__fish_omega_using_subcommand whoami" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand whoami" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand whoami" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand profile" -l name -d 'The name to show' -r
complete -c omega -n "__fish_omega_using_subcommand profile" -l email -d 'The e-mail address, for the picture; others get its hash alone. An empty one is forgotten' -r
complete -c omega -n "__fish_omega_using_subcommand profile" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand profile" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand profile" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand profile" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand profile" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand profile" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -f -a "create" -d 'Make a user, and print the first API key once'
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -f -a "disable" -d 'Shut a user out: keys and sessions end at once'
complete -c omega -n "__fish_omega_using_subcommand users; and not __fish_seen_subcommand_from list create disable help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from list" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from list" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from create" -l email -d 'The e-mail address, for the picture; others get its hash alone' -r
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from create" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from create" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from create" -l json -d 'Print user and key as JSON'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from disable" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from disable" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "create" -d 'Make a user, and print the first API key once'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "disable" -d 'Shut a user out: keys and sessions end at once'
complete -c omega -n "__fish_omega_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -f -a "list" -d 'List the keys; the keys themselves are never shown again'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -f -a "create" -d 'Make a key and print it once'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -f -a "revoke" -d 'Revoke a key at once'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and not __fish_seen_subcommand_from list create revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from list" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from list" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from create" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from create" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from create" -l json -d 'Print the key and its record as JSON'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from revoke" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from revoke" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the keys; the keys themselves are never shown again'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from help" -f -a "create" -d 'Make a key and print it once'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke a key at once'
complete -c omega -n "__fish_omega_using_subcommand api-keys; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -f -a "list" -d 'List them: names and last characters, never values'
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -f -a "set" -d 'Store one, or replace it; the value comes from stdin or a hidden prompt. A model provider\'s key (OPENAI_API_KEY) pays for your runs in place of the server\'s, and no tool gets it'
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -f -a "remove" -d 'Delete one'
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -f -a "grants" -d 'List and revoke the leave that tools have to use what is stored for all tools'
complete -c omega -n "__fish_omega_using_subcommand keys; and not __fish_seen_subcommand_from list set remove grants help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from list" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from list" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from set" -l tool -d 'For this tool only (package::export); for all tools that you allow otherwise' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from set" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from set" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from set" -l for-tools -d 'For all tools that you allow, though it is named as a model provider\'s key'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from remove" -l tool -d 'The one of this tool' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from remove" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from remove" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from remove" -l for-tools -d 'The one for all tools, though it is named as a model provider\'s key'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from grants" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from grants" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from grants" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from grants" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from grants" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from grants" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from grants" -f -a "revoke" -d 'Take one back: the tool\'s next use of the credential asks again'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from grants" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them: names and last characters, never values'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "set" -d 'Store one, or replace it; the value comes from stdin or a hidden prompt. A model provider\'s key (OPENAI_API_KEY) pays for your runs in place of the server\'s, and no tool gets it'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Delete one'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "grants" -d 'List and revoke the leave that tools have to use what is stored for all tools'
complete -c omega -n "__fish_omega_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -f -a "show" -d 'Show all of them'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -f -a "get" -d 'Show one'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -f -a "set" -d 'Change one'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -f -a "prompt" -d 'Show the system prompt that new runs get'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -f -a "edit" -d 'Change them as a document in your editor (VISUAL, EDITOR)'
complete -c omega -n "__fish_omega_using_subcommand settings; and not __fish_seen_subcommand_from show get set prompt edit help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from show" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from show" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from show" -l json -d 'Print the document of the API'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from get" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from get" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from set" -l file -d 'Take the value from this file, `-` for stdin' -r -F
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from set" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from set" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from prompt" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from prompt" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from prompt" -l json -d 'Print what the API says of it: your text, the default, and both together'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from prompt" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from prompt" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from prompt" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from edit" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from edit" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show all of them'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from help" -f -a "get" -d 'Show one'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change one'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from help" -f -a "prompt" -d 'Show the system prompt that new runs get'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from help" -f -a "edit" -d 'Change them as a document in your editor (VISUAL, EDITOR)'
complete -c omega -n "__fish_omega_using_subcommand settings; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -f -a "add" -d 'Pin tools of the registry'
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -f -a "remove" -d 'Unpin tools'
complete -c omega -n "__fish_omega_using_subcommand pins; and not __fish_seen_subcommand_from list add remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from list" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from list" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from add" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from add" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from remove" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from remove" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from help" -f -a "add" -d 'Pin tools of the registry'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Unpin tools'
complete -c omega -n "__fish_omega_using_subcommand pins; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand vault; and not __fish_seen_subcommand_from rotate help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand vault; and not __fish_seen_subcommand_from rotate help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand vault; and not __fish_seen_subcommand_from rotate help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand vault; and not __fish_seen_subcommand_from rotate help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand vault; and not __fish_seen_subcommand_from rotate help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand vault; and not __fish_seen_subcommand_from rotate help" -f -a "rotate" -d 'Change the server\'s master key while it works; administrators only'
complete -c omega -n "__fish_omega_using_subcommand vault; and not __fish_seen_subcommand_from rotate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from rotate" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from rotate" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from rotate" -l deep -d 'Encrypt every stored value anew, too'
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from rotate" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from rotate" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from rotate" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from help" -f -a "rotate" -d 'Change the server\'s master key while it works; administrators only'
complete -c omega -n "__fish_omega_using_subcommand vault; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand audit; and not __fish_seen_subcommand_from list verify help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and not __fish_seen_subcommand_from list verify help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and not __fish_seen_subcommand_from list verify help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand audit; and not __fish_seen_subcommand_from list verify help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand audit; and not __fish_seen_subcommand_from list verify help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand audit; and not __fish_seen_subcommand_from list verify help" -f -a "list" -d 'List what was done, newest first: everything for administrators, your own actions otherwise'
complete -c omega -n "__fish_omega_using_subcommand audit; and not __fish_seen_subcommand_from list verify help" -f -a "verify" -d 'Check the record\'s hash chains; exit code 1 and the first wrong row when something was changed, removed or added'
complete -c omega -n "__fish_omega_using_subcommand audit; and not __fish_seen_subcommand_from list verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -l action -d 'Only this action (`key.made`), or this group of them (`key`)' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -l since -d 'Only what was done in this time (`1h`, `7days`)' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -l limit -d 'At most this many' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from verify" -l head -d 'The end of a chain that was noted earlier, CHAIN:N:HASH; may be given again' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from verify" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from verify" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from verify" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "list" -d 'List what was done, newest first: everything for administrators, your own actions otherwise'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check the record\'s hash chains; exit code 1 and the first wrong row when something was changed, removed or added'
complete -c omega -n "__fish_omega_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand config; and not __fish_seen_subcommand_from show path help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand config; and not __fish_seen_subcommand_from show path help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand config; and not __fish_seen_subcommand_from show path help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand config; and not __fish_seen_subcommand_from show path help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand config; and not __fish_seen_subcommand_from show path help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand config; and not __fish_seen_subcommand_from show path help" -f -a "show" -d 'Show every setting'
complete -c omega -n "__fish_omega_using_subcommand config; and not __fish_seen_subcommand_from show path help" -f -a "path" -d 'Print the path of the user\'s configuration file'
complete -c omega -n "__fish_omega_using_subcommand config; and not __fish_seen_subcommand_from show path help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from show" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Say where each value comes from'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from path" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from path" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show every setting'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "path" -d 'Print the path of the user\'s configuration file'
complete -c omega -n "__fish_omega_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand open" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand open" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand open" -l print -d 'Only print the address'
complete -c omega -n "__fish_omega_using_subcommand open" -l sign-in -d 'Print the address with the code, for a browser elsewhere: it signs in as you, once, within five minutes'
complete -c omega -n "__fish_omega_using_subcommand open" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand open" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand open" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand completions" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand completions" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand completions" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand completions" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand completions" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand man" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand man" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand man" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand man" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand man" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand debug; and not __fish_seen_subcommand_from failpoints help" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand debug; and not __fish_seen_subcommand_from failpoints help" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand debug; and not __fish_seen_subcommand_from failpoints help" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand debug; and not __fish_seen_subcommand_from failpoints help" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand debug; and not __fish_seen_subcommand_from failpoints help" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand debug; and not __fish_seen_subcommand_from failpoints help" -f -a "failpoints" -d 'Print the names that OMEGA_FAILPOINT takes'
complete -c omega -n "__fish_omega_using_subcommand debug; and not __fish_seen_subcommand_from failpoints help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand debug; and __fish_seen_subcommand_from failpoints" -l server -d 'Use this shared server instead of your own local one [env: OMEGA_SERVER]' -r
complete -c omega -n "__fish_omega_using_subcommand debug; and __fish_seen_subcommand_from failpoints" -l profile -d 'Use this profile of the configuration [env: OMEGA_PROFILE]' -r
complete -c omega -n "__fish_omega_using_subcommand debug; and __fish_seen_subcommand_from failpoints" -s q -l quiet -d 'Say nothing but results and errors'
complete -c omega -n "__fish_omega_using_subcommand debug; and __fish_seen_subcommand_from failpoints" -s v -l verbose -d 'Say more on stderr: inputs, summaries, what happens'
complete -c omega -n "__fish_omega_using_subcommand debug; and __fish_seen_subcommand_from failpoints" -s h -l help -d 'Print help'
complete -c omega -n "__fish_omega_using_subcommand debug; and __fish_seen_subcommand_from help" -f -a "failpoints" -d 'Print the names that OMEGA_FAILPOINT takes'
complete -c omega -n "__fish_omega_using_subcommand debug; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "ask" -d 'Ask once and get the answer on stdout'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "chat" -d 'Talk in the terminal'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "serve" -d 'Run the server'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "executor" -d 'Run this machine\'s sandbox as an executor for servers elsewhere'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "show" -d 'Show a conversation'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "export" -d 'Write a conversation as Markdown or JSON'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "import" -d 'Reads a conversation that `omega export --format json` wrote, as a new one of your own'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "plan" -d 'Propose plans for a task without doing anything'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "approve" -d 'Allow or refuse the calls that a run waits with'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "approvals" -d 'List and revoke the yeses that last'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "provide" -d 'Give a run the variables that it waits for'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "alternatives" -d 'Choose another tool in place of one that failed'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "share" -d 'Show a conversation\'s link and who takes part, and change who may open it'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "cancel" -d 'Cancel what a conversation is doing'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "recent" -d 'List the conversations you used last'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "tools" -d 'Find, look at and run tools of the registry'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "registry" -d 'Add tools to the registry, and take them out'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "models" -d 'List providers and models, and why some can\'t be used'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "status" -d 'Show how the server, its registry and its executor are'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "doctor" -d 'Look for what is wrong; changes nothing'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "login" -d 'Sign in to a shared server'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "logout" -d 'Forget the key of a shared server'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "whoami" -d 'Show who you are on the server'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "profile" -d 'Show how others see you, or change it'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "users" -d 'List, make and shut out the server\'s users'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "api-keys" -d 'List, make and revoke the server\'s API keys'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "keys" -d 'List, store and remove the credentials that tools may use'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "settings" -d 'Show and change your settings on the server'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "pins" -d 'List, add and remove the tools that are always at hand'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "vault" -d 'Change how the server keeps secrets'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "audit" -d 'Read what was done on the server, and check that the record is whole'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "config" -d 'Show this machine\'s configuration and where it comes from'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "open" -d 'Open a conversation\'s page in the browser'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "completions" -d 'Print the completions of a shell'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "man" -d 'Write the man pages into a folder'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "debug" -d 'What only tests of Omega itself need'
complete -c omega -n "__fish_omega_using_subcommand help; and not __fish_seen_subcommand_from ask chat serve executor show export import plan approve approvals provide alternatives share cancel recent tools registry models status doctor login logout whoami profile users api-keys keys settings pins vault audit config open completions man debug help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "select" -d 'Choose the plan that a paused run follows, or ask for other plans'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "revoke" -d 'Take one back: its tool is asked about again'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from tools" -f -a "search" -d 'Find tools by what they do'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from tools" -f -a "show" -d 'Show one tool: what it does, its input, the variables it reads'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from tools" -f -a "run" -d 'Run one tool once, in the sandbox'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "add" -d 'Add an npm package\'s tools, or one of its functions as a tool'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "remove" -d 'Take out what was added of a package'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "list" -d 'List the tools that are yours alone'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "import" -d 'Import many tools from a file'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "status" -d 'Show how many tools the registry has'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "create" -d 'Make a user, and print the first API key once'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "disable" -d 'Shut a user out: keys and sessions end at once'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from api-keys" -f -a "list" -d 'List the keys; the keys themselves are never shown again'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from api-keys" -f -a "create" -d 'Make a key and print it once'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from api-keys" -f -a "revoke" -d 'Revoke a key at once'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "list" -d 'List them: names and last characters, never values'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "set" -d 'Store one, or replace it; the value comes from stdin or a hidden prompt. A model provider\'s key (OPENAI_API_KEY) pays for your runs in place of the server\'s, and no tool gets it'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "remove" -d 'Delete one'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "grants" -d 'List and revoke the leave that tools have to use what is stored for all tools'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from settings" -f -a "show" -d 'Show all of them'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from settings" -f -a "get" -d 'Show one'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from settings" -f -a "set" -d 'Change one'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from settings" -f -a "prompt" -d 'Show the system prompt that new runs get'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from settings" -f -a "edit" -d 'Change them as a document in your editor (VISUAL, EDITOR)'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from pins" -f -a "list" -d 'List them'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from pins" -f -a "add" -d 'Pin tools of the registry'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from pins" -f -a "remove" -d 'Unpin tools'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from vault" -f -a "rotate" -d 'Change the server\'s master key while it works; administrators only'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "list" -d 'List what was done, newest first: everything for administrators, your own actions otherwise'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Check the record\'s hash chains; exit code 1 and the first wrong row when something was changed, removed or added'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Show every setting'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "path" -d 'Print the path of the user\'s configuration file'
complete -c omega -n "__fish_omega_using_subcommand help; and __fish_seen_subcommand_from debug" -f -a "failpoints" -d 'Print the names that OMEGA_FAILPOINT takes'
