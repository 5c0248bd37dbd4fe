// Pause, resume and kill in a dialog: the reason first, then the button held until it is full.

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
    this.body.querySelector('input[name="reason"]').focus();
  }

  fill(html) {
    this.body.innerHTML = html;
    this.bind(this.body.querySelector("form[data-order]"), true);
  }

  bind(form, inSheet) {
    const button = form.querySelector("[data-hold]");
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
    if (inSheet)
      form.querySelector("[data-cancel]").addEventListener("click", (event) => {
        event.preventDefault();
        this.sheet.close();
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
      this.sheet.close();
      toast(`${title}: ordered. ${form.dataset.order === "resume" ? "Pause" : "Resume"} undoes it.`);
      this.changed();
    } catch (error) {
      toast(`${title}: not ordered, ${error.message}. The desk goes on as before; try again or use the command line.`, true);
    }
  }
}
