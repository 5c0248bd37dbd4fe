/* Runs before the first paint: the theme and direction colours the operator chose last time. */
(() => {
  const root = document.documentElement;
  const read = (name) => {
    try { return localStorage.getItem(name); } catch { return null; } // storage may be blocked
  };
  const theme = read("guardian.theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  if (read("guardian.updown") === "convention") root.dataset.updown = "convention";
})();
