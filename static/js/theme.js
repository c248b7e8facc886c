// Light or dark before the first paint; "as the system says" until the person chooses.
(() => {
  const key = "timonel.theme";
  const root = document.documentElement;
  const chosen = localStorage.getItem(key);
  if (chosen) root.dataset.theme = chosen;
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem(key, root.dataset.theme);
  });
})();
