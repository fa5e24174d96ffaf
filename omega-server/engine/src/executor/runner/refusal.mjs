// What the sandbox refused, in its own words: which capability, and what can be done. What the runtime says of it names flags
// that nobody here can give.
const NEEDS_ACCESS = /Requires (\w+) access(?: to "?([^",]+)"?)?/;
// How the operating system refuses a port or IPv6 to a jailed process.
const CONNECT_REFUSED = /tcp (?:connect|open) error: (?:Permission denied|Address family not supported)|connect (?:EACCES|EAFNOSUPPORT)\b/;
const LOOKUP_REFUSED = /getaddrinfo (?:EPERM|EACCES) (\S+)/;
// Code that was compiled for one kind of machine, and the ways in which packages look for it.
const NATIVE =
  /ERR_DLOPEN_FAILED|dlopen|\.node['"`)\s]|\.node$|node-gyp|prebuild-install|Could not locate the bindings file|No native build was found|Could not load the "[\w@/.-]+" module using the/;

const WAYS = {
  read: (what) => [`the sandbox does not let tools read ${what ?? "files"}`, "hand the data over in the input; a tool sees its own package and an empty folder for itself"],
  write: (what) => [`the sandbox does not let tools write to ${what ?? "files"}`, "a tool may write to its own temporary folder alone; take the result from its output"],
  env: (what) => [`the sandbox does not give this tool the variable ${what ?? "that it wants"}`, "give it with the call if the tool needs it"],
  sys: (what) => [`the sandbox does not tell tools about the machine${what ? ` (${what})` : ""}`, "use a tool that does not ask for it"],
  run: (what) => [`the sandbox starts no other programs${what ? ` (${what})` : ""}`, "use a tool that does it in JavaScript alone"],
  ffi: (what) => [`native code does not run in the sandbox${what ? ` (${what})` : ""}`, "use a package that is JavaScript or WebAssembly alone"],
  import: (what) => [`the sandbox loads no code from elsewhere${what ? ` (${what})` : ""}`, "use a package that brings its own code"],
};

// What Node's functions say of a program that was not started; here none ever is.
const NOT_STARTED = /^(?:Command failed: |spawn(?:Sync)? |Failed to spawn )['"]?([^\s'"]+)/;

/** The failure of a text that tells of a refusal of the sandbox. */
export function refusal(text) {
  const lookup = LOOKUP_REFUSED.exec(text);
  if (lookup) return network(lookup[1]);
  if (CONNECT_REFUSED.test(text)) return network();
  const access = NEEDS_ACCESS.exec(text);
  if (access) {
    const [, kind, what] = access;
    if (kind === "net") return network(what);
    const [words, next] = (WAYS[kind] ?? (() => [`the sandbox does not give tools ${kind} access`, "use another tool"]))(what);
    return denied(words, next, what ? `${kind} ${what}` : kind);
  }
  const program = NOT_STARTED.exec(text);
  if (program) {
    const [words, next] = WAYS.run(program[1]);
    return denied(words, next, `run ${program[1]}`);
  }
  if (NATIVE.test(text)) {
    return denied(
      "it needs native code, which does not run in the sandbox, and neither do install scripts that would fetch or build it",
      "use a package that is JavaScript or WebAssembly alone",
      "native code",
    );
  }
  return undefined;
}

const denied = (words, next, what) => ({ code: "PERMISSION_DENIED", message: `${words}; ${next}`, details: { what } });

const network = (host) => ({
  code: "NETWORK_BLOCKED",
  message: `the sandbox does not let tools reach ${host ?? "this address"}: addresses of the public internet are open to them, on the usual ports; the server's operator can allow a private one`,
  ...(host === undefined ? {} : { details: { host } }),
});
