// One call on a handset, from either side, from its first ring to its last word.
// Source: RFC 3261, sections 13 to 15; RFC 3264 (hold); RFC 3261, section 14.1 (both ends want a change at once).

import { Dialog } from "./dialog.js";

const SDP = "application/sdp";
const SID = "X-Twilio-CallSid";
const ALLOW = ["Allow", "INVITE, ACK, CANCEL, BYE, INFO, UPDATE, OPTIONS"];
// The good-bye of SIP goes ahead of the one of the media, so that the call ends and does not break.
const MEDIA_LINGERS_MS = 300;
const ENDS = { 486: "busy", 600: "busy", 603: "declined", 404: "unknown", 480: "no answer", 408: "no answer", 487: "canceled", 503: "no connection", 403: "not allowed" };

/**
 * `state` is calling, ringing, incoming, connecting, talking or ended. Tells `change` for all that can be seen.
 * `sid` is the platform's name of the call, "" where it has not told it.
 * `outcome` of an ended call is answered, missed, declined, canceled, or why it failed in a word or two.
 */
export class Call extends EventTarget {
  state;
  outcome = "";
  muted = false;
  held = false;
  theyHold = false;
  early = false;
  answeredAt = null;
  keys = "";
  sid = "";
  problem = "";
  #dialog = null;
  #invite = null;
  #respond = null;
  #wantsEnd = false;
  #heardOf = false;
  #taken = false;
  #changing = false;

  constructor({ agent, media, direction, peer, name = "" }) {
    super();
    Object.assign(this, { agent, media, direction, peer, name });
    this.begunAt = Date.now();
    this.state = direction === "outgoing" ? "calling" : "incoming";
    media.addEventListener("failed", () => this.hangUp("lost"));
    media.addEventListener("change", () => this.#changed());
    media.addEventListener("adrift", () => this.#renew());
  }

  get isOver() {
    return this.state === "ended";
  }

  /** Call out; ends by itself where that cannot be. */
  async start(uri, headers) {
    let offer;
    try {
      offer = await this.media.offer();
    } catch (error) {
      this.#end(error.message);
      return;
    }
    if (this.isOver) return;
    const body = { headers: [...headers, ["Contact", this.agent.contact], ALLOW, ["Content-Type", SDP]], body: offer };
    this.#invite = this.agent.transactions.ask({ method: "INVITE", uri, ...body }, (response) => this.#heard(response));
  }

  /** Take an INVITE: it rings until it is answered, declined or called back. */
  ring(invite, respond, tag) {
    this.#invite = invite;
    this.sid = invite.get(SID);
    this.#respond = respond;
    this.#dialog = Dialog.ofCallee(invite, tag);
    respond(180, "Ringing", { headers: [["Contact", this.agent.contact]] });
  }

  async answer() {
    if (this.state !== "incoming") return;
    this.#move("connecting");
    try {
      const offer = this.#invite.body;
      const body = offer ? await this.media.answer(offer) : await this.media.offer();
      if (this.isOver) return;
      this.#taken = true;
      this.#respond(200, "OK", { headers: [["Contact", this.agent.contact], ALLOW, ["Content-Type", SDP]], body });
    } catch (error) {
      this.#respond(488, "Not Acceptable Here");
      this.#end(error.message);
    }
  }

  decline() {
    if (this.isOver || this.#taken) return;
    this.#respond(486, "Busy Here");
    this.#end("declined");
  }

  /** End it, whatever its state; `outcome` says how, where that is not plain. */
  hangUp(outcome = "") {
    if (this.isOver) return;
    if (this.direction === "incoming" && !this.#taken) {
      this.decline();
    } else if (this.state === "calling" || this.state === "ringing") {
      this.#wantsEnd = true;
      if (this.#heardOf) this.agent.transactions.cancel(this.#invite);
      this.#end(outcome || "canceled");
    } else {
      this.#bye();
      this.#end(outcome || "answered");
    }
  }

  mute(muted) {
    this.muted = muted;
    this.media.setMuted(muted || this.held);
    this.#changed();
  }

  /** Put the other end on hold, or take it back; unchanged, with a word about it, where it does not want that. */
  async hold(held) {
    if (this.state !== "talking" || this.#changing || held === this.held) return;
    this.#changing = true;
    this.problem = "";
    const before = this.held;
    this.#setHeld(held);
    await this.#reinvite(() => {
      this.problem = held ? "They cannot be held." : "They cannot be taken back.";
      this.#setHeld(before);
    });
  }

  press(key) {
    if (this.state !== "talking" && !this.early) return;
    this.keys += key;
    this.media.press(key);
    this.#changed();
  }

  /** A request inside the call: true where it was ours to take. */
  take(request, respond) {
    if (this.isOver || !this.#dialog?.holds(request)) return false;
    if (!this.#dialog.hears(request)) {
      respond(500, "Server Internal Error");
    } else if (request.method === "BYE") {
      respond(200, "OK");
      this.#end(this.answeredAt ? "answered" : "missed");
    } else if (request.method === "INVITE" || (request.method === "UPDATE" && request.body)) {
      this.#change(request, respond);
    } else if (request.method === "INFO" || request.method === "UPDATE") {
      respond(200, "OK");
    } else {
      respond(405, "Method Not Allowed", { headers: [ALLOW] });
    }
    return true;
  }

  /** Their acknowledgement; where we offered in our answer, theirs is in it. */
  async acknowledged(ack) {
    if (!this.#dialog?.holds(ack)) return;
    if (this.state !== "connecting") return;
    if (ack.body && !this.#invite.body) await this.media.accept(ack.body);
    this.#talk();
  }

  /** They called back before we answered. */
  canceled(invite) {
    if (this.#invite !== invite || this.isOver) return;
    this.#respond(487, "Request Terminated");
    this.#end("missed");
  }

  /** The connection is gone: the other end takes a phone that it cannot reach for gone too, and ends the call. */
  lost() {
    this.#end(this.direction === "incoming" && this.answeredAt === null ? "missed" : "lost");
  }

  /** The media needs another path: offer it, as soon as no other change is under way. */
  async #renew() {
    if (this.state !== "talking" || this.#changing || !this.media.adrift) return;
    this.#changing = true;
    await this.#reinvite((status) => {
      // Both ends wanted a change at once; whose call it is waits for longer.
      const wait = this.direction === "outgoing" ? 2_100 + 1_900 * Math.random() : 2_000 * Math.random();
      this.media.adrift = status === 491;
      if (status === 491) setTimeout(() => this.#renew(), wait);
    });
  }

  /** Offer our description anew; `refused` is told the status where it is not taken. */
  async #reinvite(refused) {
    const offer = await this.media.reoffer(this.held ? "sendonly" : "sendrecv");
    const request = this.#dialog.request("INVITE", { headers: [["Contact", this.agent.contact], ["Content-Type", SDP]], body: offer });
    this.agent.transactions.ask(request, async (response) => {
      if (response.status < 200) return;
      this.#changing = false;
      if (response.status < 300) {
        this.#dialog.refresh(response);
        this.#acknowledge(response);
        await this.media.accept(response.body);
      } else {
        await this.media.rollback();
        refused(response.status);
        if (response.status === 481 || response.status === 408) this.#end("lost");
      }
      this.#renew();
    });
  }

  async #heard(response) {
    if (response.status === 100) this.#heardOf = true;
    else if (response.status < 200) await this.#provisional(response);
    else if (response.status < 300) await this.#accepted(response);
    else if (!this.isOver) this.#end(ENDS[response.status] ?? `failed (${response.status})`);
  }

  async #provisional(response) {
    this.#heardOf = true;
    this.sid ||= response.get(SID);
    if (this.#wantsEnd) {
      this.agent.transactions.cancel(this.#invite);
      return;
    }
    if (response.body && !this.early) {
      this.early = true;
      await this.media.accept(response.body, "pranswer");
    }
    if (this.state === "calling") this.#move("ringing");
  }

  async #accepted(response) {
    if (this.#dialog) return;
    this.#dialog = Dialog.ofCaller(this.#invite, response);
    this.#acknowledge(response);
    if (this.#wantsEnd || this.isOver) {
      this.#bye();
      return;
    }
    this.#move("connecting");
    try {
      await this.media.accept(response.body);
    } catch {
      this.#bye();
      this.#end("no common sound");
      return;
    }
    this.#talk();
  }

  async #change(request, respond) {
    if (this.#changing) {
      respond(491, "Request Pending");
      return;
    }
    this.#changing = true;
    this.#dialog.refresh(request);
    try {
      const body = request.body ? await this.media.answer(request.body) : await this.media.reoffer(this.held ? "sendonly" : "sendrecv");
      this.theyHold = /^a=(sendonly|inactive)\s*$/m.test(request.body);
      respond(200, "OK", { headers: [["Contact", this.agent.contact], ["Content-Type", SDP]], body });
    } catch {
      respond(488, "Not Acceptable Here");
    }
    this.#changing = false;
    this.#changed();
    this.#renew();
  }

  #acknowledge(response) {
    this.agent.transactions.tell(this.#dialog.request("ACK", { number: response.sequence.number }));
  }

  #bye() {
    this.agent.transactions.ask(this.#dialog.request("BYE"), () => {});
  }

  #setHeld(held) {
    this.held = held;
    this.media.setMuted(this.muted || held);
    this.#changed();
  }

  #talk() {
    if (this.isOver) return;
    this.answeredAt = Date.now();
    this.#move("talking");
  }

  #end(outcome) {
    if (this.isOver) return;
    this.outcome = outcome;
    this.endedAt = Date.now();
    setTimeout(() => this.media.close(), MEDIA_LINGERS_MS);
    this.#move("ended");
  }

  #move(state) {
    this.state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
