// What two ends of a call agree on about its messages: tags, sequence numbers, where requests go.
// Source: RFC 3261, section 12.

import { parseAddress } from "./sip_message.js";

export class Dialog {
  /** `own` and `other` are From and To values with their tags, as this end writes them. */
  constructor({ callId, own, other, target, route = [], number = 1, heard = 0 }) {
    Object.assign(this, { callId, own, other, target, route, number, heard });
  }

  /** The dialog that our INVITE and a tagged answer make. */
  static ofCaller(invite, response) {
    return new Dialog({
      callId: invite.get("Call-ID"),
      own: invite.get("From"),
      other: response.get("To"),
      target: contactOf(response) || invite.uri,
      route: response.all("Record-Route").reverse(),
      number: invite.sequence.number,
    });
  }

  /** The dialog that an INVITE to us makes, under the tag of our answers. */
  static ofCallee(invite, tag) {
    return new Dialog({
      callId: invite.get("Call-ID"),
      own: `${invite.get("To")};tag=${tag}`,
      other: invite.get("From"),
      target: contactOf(invite),
      route: invite.all("Record-Route"),
      heard: invite.sequence.number,
    });
  }

  /** Whether a request belongs to this dialog. */
  holds(request) {
    const tags = [parseAddress(request.get("To")).tag, parseAddress(request.get("From")).tag];
    return request.get("Call-ID") === this.callId && tags[0] === parseAddress(this.own).tag && tags[1] === parseAddress(this.other).tag;
  }

  /** False for a request that is older than one heard before. */
  hears(request) {
    const { number } = request.sequence;
    if (number < this.heard) return false;
    this.heard = number;
    return true;
  }

  /** The next request's parts, for `Transactions.ask`; an ACK keeps the number of its INVITE. */
  request(method, { headers = [], body = "", number = null } = {}) {
    if (number === null) this.number += 1;
    const own = [["From", this.own], ["To", this.other], ["Call-ID", this.callId], ["CSeq", `${number ?? this.number} ${method}`]];
    return { method, uri: this.target, headers: [...this.route.map((route) => ["Route", route]), ...own, ...headers], body };
  }

  /** The other end may have moved (RFC 3261, section 12.2). */
  refresh(message) {
    this.target = contactOf(message) || this.target;
  }
}

function contactOf(message) {
  const contact = message.get("Contact");
  return contact ? parseAddress(contact).uri : "";
}
