// The watch feed: subscribe, take the snapshot, then patches; come back where it broke off.

const WAIT_FIRST_MS = 400;
const WAIT_MAX_MS = 10000;

export class Live {
  /**
   * @param {object} hooks `wanted()` gives the Watch to send, `heard(message)` takes messages,
   *   `linked(state)` is told "live", "lost" or "signed-out", `signedIn()` asks the server.
   */
  constructor(hooks) {
    this.hooks = hooks;
    this.socket = null;
    this.wait = WAIT_FIRST_MS;
    this.timer = 0;
    this.sent = "";
  }

  /** Connect now. */
  connect() {
    clearTimeout(this.timer);
    const url = new URL("/api/v1/watch", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => this.subscribe(true);
    socket.onmessage = (event) => {
      this.wait = WAIT_FIRST_MS;
      this.hooks.linked("live");
      this.hooks.heard({ ...JSON.parse(event.data), received: Date.now() / 1000 });
    };
    socket.onclose = () => this.lost(socket);
  }

  /** Say what is wanted, where that has changed. */
  subscribe(anew = false) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const { after, ...wanted } = this.hooks.wanted();
    const text = JSON.stringify(wanted);
    if (!anew && text === this.sent) return;
    this.sent = text;
    this.socket.send(JSON.stringify({ ...wanted, after }));
    if (after) this.hooks.linked("live"); // it may be long until something changes
  }

  /** The machine says that it has a network again: do not wait. */
  hurry() {
    this.wait = WAIT_FIRST_MS;
    if (this.socket?.readyState === WebSocket.CLOSED) this.connect();
  }

  async lost(socket) {
    if (socket !== this.socket) return;
    this.hooks.linked("lost");
    const signedIn = await this.hooks.signedIn();
    if (!signedIn) return this.hooks.linked("signed-out");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.wait * (0.7 + 0.6 * Math.random()));
    this.wait = Math.min(WAIT_MAX_MS, this.wait * 1.7);
  }
}
