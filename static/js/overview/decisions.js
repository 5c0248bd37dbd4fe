// Decisions that led to an order are announced, the newest at most every few seconds.

const PAUSE = 8000;

function newestId() {
  const item = document.querySelector("#panel-body-decisions [data-id]");
  return item ? Number(item.dataset.id) : 0;
}

export function startDecisions() {
  let announced = newestId();
  let lastAt = 0;
  document.addEventListener("desk:swapped", () => {
    const now = performance.now();
    const acted = document.querySelector('#panel-body-decisions [data-kind="acted"]');
    if (!acted || now - lastAt < PAUSE) return;
    const id = Number(acted.dataset.id);
    if (id <= announced) return;
    announced = id;
    lastAt = now;
    document.getElementById("announce").textContent = acted.textContent.replace(/\s+/g, " ").trim();
  });
}
