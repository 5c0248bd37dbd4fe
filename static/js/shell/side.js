// Details open beside the page under their own address; Back and Escape close them.

let opener = null;
const home = location.pathname + location.search; // the page beside which details open

const side = () => document.getElementById("side");

async function fetchPart(url) {
  const response = await fetch(url, { headers: { "X-Panel": "1" }, credentials: "same-origin" });
  if (response.redirected || response.status === 403) location.assign(url);
  if (!response.ok && response.status !== 422) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}

async function show(url) {
  const panel = side();
  const body = document.getElementById("side-body");
  panel.hidden = false;
  document.getElementById("side-link").href = url;
  try {
    body.innerHTML = await fetchPart(url);
  } catch (error) {
    body.textContent =
      `The detail could not be loaded (${error.message}). Nothing was changed; close it and try again.`;
  }
  document.getElementById("side-title").textContent =
    body.querySelector("[data-title]")?.dataset.title ?? "Detail";
  body.scrollTop = 0;
  body.focus({ preventScroll: true });
}

function hide() {
  side().hidden = true;
  opener?.focus?.({ preventScroll: true });
  opener = null;
}

export function openSide(url, from = document.activeElement) {
  if (side().hidden) opener = from;
  history.pushState({ side: url }, "", url);
  show(url);
}

export function closeSide() {
  if (side().hidden) return false;
  if (history.state?.side) history.back();
  else hide();
  return true;
}

export function startSide() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-side]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      openSide(link.getAttribute("href"), link);
    }
    if (event.target.closest("[data-close-side]")) {
      // several details may have been opened in a row; closing leaves all of them
      history.pushState(null, "", home);
      hide();
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.textContent = "Copied"; });
  });
  addEventListener("popstate", (event) => {
    if (event.state?.side) show(event.state.side);
    else hide();
  });
}
