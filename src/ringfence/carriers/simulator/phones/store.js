// What the page knows: handsets, their texts and calls, and the faults, as the feed tells them.

const TEXTS_KEPT = 200;
const CALLS_KEPT = 100;

export class Store extends EventTarget {
  handsets = new Map();
  faults = [];
  #texts = new Map();
  #calls = new Map();
  #skewMs = 0;
  #began = false;

  /** The network's time now; `--clock` may have moved it. */
  now() {
    return Date.now() + this.#skewMs;
  }

  /** A handset's texts, oldest first, those on their way last. */
  texts(number) {
    return [...(this.#texts.get(number)?.values() ?? [])].sort(byTime);
  }

  /** A handset's calls that are over, oldest first. */
  calls(number) {
    return this.#calls.get(number) ?? [];
  }

  /** Conversations of a handset, the liveliest first: {peer, texts, calls, last, unread}; `last` is a text or a call. */
  conversations(number) {
    const byPeer = new Map();
    const of = (peer) => {
      if (!byPeer.has(peer)) byPeer.set(peer, { peer, texts: [], calls: [], last: null, unread: 0 });
      return byPeer.get(peer);
    };
    for (const text of this.texts(number)) {
      const conversation = of(peerOf(text));
      conversation.texts.push(text);
      conversation.last = text;
      conversation.unread += isUnread(text) ? 1 : 0;
    }
    for (const call of this.calls(number)) {
      const conversation = of(call.peer);
      conversation.calls.push(call);
      if (!conversation.last || byTime(conversation.last, call) < 0) conversation.last = call;
    }
    return [...byPeer.values()].sort((one, other) => byTime(other.last, one.last));
  }

  unread(number) {
    return this.texts(number).filter(isUnread).length;
  }

  /** Every other end that some handset has spoken to: businesses, as far as handsets know. */
  peers() {
    const peers = new Set();
    for (const number of this.handsets.keys()) for (const text of this.texts(number)) peers.add(peerOf(text));
    return [...peers].filter((peer) => !this.handsets.has(peer));
  }

  /** The number of the first handset that is no mailbox; undefined where there is none. */
  firstHandset() {
    return [...this.handsets.values()].find(({ kind }) => kind !== "mailbox")?.number;
  }

  faultsOf(number) {
    return this.faults.filter((fault) => fault.number === number);
  }

  /** Take an event of the feed; tells `change`, and `buzz` for each text that has just come in unread. */
  take(kind, content) {
    const before = new Map(this.#texts);
    this.#skewMs = Date.parse(content.now) - Date.now();
    this.faults = content.faults;
    if (kind === "snapshot") {
      this.handsets = new Map();
      this.#texts = new Map();
      this.#calls = new Map();
    }
    for (const number of content.removed) {
      this.handsets.delete(number);
      this.#texts.delete(number);
      this.#calls.delete(number);
    }
    for (const handset of content.handsets) this.handsets.set(handset.number, handset);
    const arrived = [];
    for (const text of content.messages) {
      if (!this.handsets.has(text.handset)) continue;
      const known = before.get(text.handset)?.get(text.id);
      if (this.#began && isUnread(text) && !(known && isUnread(known))) arrived.push(text);
      this.#keep(text);
    }
    for (const call of content.calls) if (this.handsets.has(call.handset)) this.#log(call);
    this.#began = true;
    this.dispatchEvent(new Event("change"));
    for (const text of arrived) this.dispatchEvent(new CustomEvent("buzz", { detail: text }));
  }

  #log(call) {
    const others = this.calls(call.handset).filter(({ id }) => id !== call.id);
    this.#calls.set(call.handset, [...others, call].slice(-CALLS_KEPT));
  }

  #keep(text) {
    const texts = new Map(this.#texts.get(text.handset) ?? []);
    texts.set(text.id, text);
    if (texts.size > TEXTS_KEPT) texts.delete(texts.keys().next().value);
    this.#texts.set(text.handset, texts);
  }
}

export function peerOf(text) {
  return text.direction === "inbound" ? text.to : text.from;
}

export function isUnread(text) {
  return text.direction === "outbound" && text.status === "delivered" && !text.read;
}

/** On its way to the handset: the network has it, the handset does not. */
export function isComing(text) {
  return text.direction === "outbound" && text.status === "sending";
}

/** Calls and texts of a conversation in one order. */
export function inOrder(items) {
  return [...items].sort(byTime);
}

function byTime(one, other) {
  if (isComing(one) !== isComing(other)) return isComing(one) ? 1 : -1;
  return one.at < other.at ? -1 : one.at > other.at ? 1 : one.id < other.id ? -1 : 1;
}
