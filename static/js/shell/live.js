// One socket per tab: reconnects with growing pauses, says how it is, hands messages out by kind.

import { duration } from "./clock.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20000;
const SILENT_AFTER = 30000;
const UNAUTHENTICATED = 4401;

export class Live extends EventTarget {
  constructor(path) {
    super();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.url = `${scheme}//${location.host}${path}`;
    this.pause = FIRST_PAUSE;
    this.heard = performance.now();
    this.badge = document.querySelector("[data-socket]");
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.retryNow();
    });
    setInterval(() => this.checkSilence(), 2000);
  }

  open() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.pause = FIRST_PAUSE;
      this.heard = performance.now();
      this.show("open", "live");
      this.dispatchEvent(new Event("open"));
    });
    socket.addEventListener("message", (event) => this.take(event.data));
    socket.addEventListener("close", (event) => this.lost(socket, event.code));
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  send(message) {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  take(text) {
    this.heard = performance.now();
    if (this.badge?.dataset.socket !== "open") this.show("open", "live");
    const message = JSON.parse(text);
    this.dispatchEvent(new CustomEvent("news", { detail: message })); // of any kind
    this.dispatchEvent(new CustomEvent(message.kind, { detail: message }));
  }

  lost(socket, code) {
    if (socket !== this.socket) return;
    if (code === UNAUTHENTICATED) {
      this.show("closed", "logged out: log in again");
      location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    this.show("closed", `offline, trying again in ${duration(this.pause / 1000 + 0.5)}`);
    // spread out, so that a hundred tabs do not come back in one instant
    this.timer = setTimeout(() => this.open(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  retryNow() {
    if (this.socket && this.socket.readyState === WebSocket.CLOSED) {
      this.pause = FIRST_PAUSE;
      this.open();
    }
  }

  checkSilence() {
    const silent = performance.now() - this.heard;
    if (this.socket?.readyState === WebSocket.OPEN && silent > SILENT_AFTER)
      this.show("silent", `no news for ${duration(silent / 1000)}`);
  }

  show(state, text) {
    if (!this.badge) return;
    this.badge.dataset.socket = state;
    this.badge.querySelector("[data-socket-text]").textContent = text;
  }
}
