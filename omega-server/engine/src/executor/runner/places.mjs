// What a package is lent to be looked into that only its own process can make: a folder, and a file with as good as nothing in it. The host
// says by a word of its own which variable stands for which; a value is a value, whatever it looks like.

// What clients of a large cloud read in one of their files of keys (https://developers.google.com/identity/protocols/oauth2/native-app).
const NOTHING = { installed: { client_id: "omega-describes-only", client_secret: "omega-describes-only", redirect_uris: ["http://nowhere.invalid"] } };
const FILE = "file";

/** Values of the variables that `places` names, for a process whose folder is `home`. */
export function made(places = {}, home = ".") {
  const file = `${home}/empty.json`;
  const kinds = Object.entries(places);
  if (kinds.some(([, kind]) => kind === FILE)) Deno.writeTextFileSync(file, JSON.stringify(NOTHING));
  return Object.fromEntries(kinds.map(([name, kind]) => [name, kind === FILE ? file : home]));
}
