// Orders in a dialog: what it will do, the reason where one is kept, then the button. The desk's own
// orders (pause, resume, kill, lift kill, re-arm) are held until the button is full.

const HOLD = 800;
const HOLD_DANGER = 1600;

export function toast(text, bad = false) {
  document.getElementById("toast")?.remove();
  const box = document.createElement("p");
  box.id = "toast";
  box.setAttribute("role", "status");
  if (bad) box.dataset.bad = "";
  box.textContent = text;
  document.body.append(box);
  setTimeout(() => box.remove(), 9000);
}

function hold(button, ms, done) {
  let timer = null;
  const stop = () => {
    clearTimeout(timer);
    timer = null;
    button.classList.remove("is-held");
  };
  const start = () => {
    if (timer !== null || !button.form.reportValidity()) return;
    button.style.setProperty("--hold", `${ms}ms`);
    button.classList.add("is-held");
    timer = setTimeout(() => { stop(); done(); }, ms);
  };
  const isKey = (event) => event.key === "Enter" || event.key === " ";
  button.addEventListener("pointerdown", (event) => { if (event.button === 0) start(); });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(name, stop);
  button.addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) start();
  });
  button.addEventListener("keyup", (event) => { if (isKey(event)) stop(); });
  button.addEventListener("click", (event) => event.preventDefault());
}

export class Control {
  constructor(changed) {
    this.changed = changed;
    this.sheet = document.getElementById("control-sheet");
    this.body = document.getElementById("control-body");
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-control]");
      if (!link) return;
      event.preventDefault();
      this.open(link.getAttribute("href"));
    });
    for (const form of document.querySelectorAll("form[data-order]")) this.bind(form, false);
  }

  async open(url) {
    const response = await fetch(url, { headers: { "X-Panel": "1" }, credentials: "same-origin" });
    if (!response.ok || response.redirected) {
      location.assign(url); // the page itself says what is missing: a login or a permission
      return;
    }
    this.fill(await response.text());
    if (!this.sheet.open) this.sheet.showModal();
    (this.body.querySelector('input[name="reason"]') ?? this.body.querySelector("button, [data-cancel]")).focus();
  }

  fill(html) {
    this.body.innerHTML = html;
    const form = this.body.querySelector("form[data-order]");
    if (form) this.bind(form, true);
    for (const button of this.body.querySelectorAll("[data-cancel]"))
      button.addEventListener("click", (event) => {
        event.preventDefault();
        this.sheet.close();
      });
  }

  bind(form, inSheet) {
    const button = form.querySelector("[data-hold]");
    if (!button) {
      this.bindPlain(form, inSheet);
      return;
    }
    const ms = button.classList.contains("button-danger") ? HOLD_DANGER : HOLD;
    form.querySelector("[data-hold-note]").hidden = false;
    let isConfirmed = false;
    hold(button, ms, () => { isConfirmed = true; form.requestSubmit(); });
    form.querySelector('input[name="reason"]').addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      button.focus(); // Enter moves on to the button, which is then held
    });
    form.addEventListener("submit", (event) => {
      if (isConfirmed && !inSheet) return;
      event.preventDefault();
      if (isConfirmed) this.send(form);
      isConfirmed = false;
    });
  }

  // an order that can be undone in full is given by one press
  bindPlain(form, inSheet) {
    if (!inSheet) return; // without a dialog the browser sends the form and follows the answer
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      form.querySelector('[type="submit"]').disabled = true; // one order, however often it is pressed
      this.send(form);
    });
  }

  async send(form) {
    const title = form.dataset.title;
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Panel": "1" },
        credentials: "same-origin",
      });
      if (response.status === 422) {
        this.fill(await response.text());
        return;
      }
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      if (response.status === 204) {
        this.sheet.close();
        toast(form.dataset.done ?? `${title}: ordered.`);
      } else {
        this.fill(await response.text()); // the answer says more than a line: it stays until read
      }
      this.changed();
    } catch (error) {
      form.querySelector('[type="submit"]').disabled = false;
      const advice = "The desk goes on as before; try again or use the command line.";
      toast(`${title}: not ordered, ${error.message}. ${advice}`, true);
    }
  }
}
