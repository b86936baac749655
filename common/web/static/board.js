// Owns what the gateway last told about everything but the messages: who this is, rooms, people,
// the link, the title. Must not draw anything: whoever draws a part watches it.

/** `hello` is null until the chat is open. The rest has the keys of the gateway's `state`. */
export const board = { hello: null, ...blank() };

function blank() {
  return {
    rooms: [],
    room: null,
    people: noPeople(),
    link: null,
    title: "",
    me: { nick: "", user: "", role: "" },
    unread: 0,
    mentions: 0,
  };
}

/** Who is in the open room; rows have user, nick, colour, bot. */
function noPeople(room = "") {
  return { room, present: [], absent: [], heading: "", absent_heading: "", stale: false, ignored: [] };
}

const watchers = [];

/** Call `draw` after one of these keys changed. */
export function watch(keys, draw) {
  watchers.push([keys, draw]);
}

/** Take in what changed; what is no key of the board is left out. */
export function tell(changes) {
  const changed = Object.keys(changes).filter((key) => Object.hasOwn(board, key));
  for (const key of changed) board[key] = changes[key];
  for (const [keys, draw] of watchers) {
    if (keys.some((key) => changed.includes(key))) draw();
  }
}

/** Take in who came and went: `put` are new or renamed, `gone` are users. */
export function tellPeople(message) {
  const before = message.reset || message.room !== board.people.room ? noPeople(message.room) : board.people;
  const present = new Map(before.present.map((one) => [one.user, one]));
  for (const one of message.put || []) present.set(one.user, one);
  for (const user of message.gone || []) present.delete(user);
  const people = { ...before, present: [...present.values()].sort(order) };
  for (const name of ["heading", "absent_heading", "absent", "stale", "ignored"]) {
    people[name] = message[name] ?? before[name];
  }
  tell({ people });
}

/** People first, then programs, each by name. */
function order(one, other) {
  return Boolean(one.bot) - Boolean(other.bot) || one.nick.localeCompare(other.nick);
}

/** Everybody who is known in the open room. */
export function everybody() {
  return [...board.people.present, ...board.people.absent];
}

/** Nobody is here any more. */
export function clearBoard() {
  tell({ hello: null, ...blank() });
}

/** The row of a room, or undefined. */
export function roomRow(name) {
  return board.rooms.find((one) => one.name === name);
}

export function administers() {
  return board.me.role === "owner" || board.me.role === "admin";
}
