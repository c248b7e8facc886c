// Small manners of every page: the clock, busy buttons, kept drafts, keys.
(() => {
  const words = JSON.parse(document.body.dataset.clock || "{}");
  const span = (seconds) => {
    const whole = Math.max(Math.floor(seconds), 0);
    for (const [size, unit, below, small] of [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]]) {
      if (whole >= size) {
        const rest = Math.floor((whole % size) / below);
        return `${Math.floor(whole / size)} ${unit}${rest ? ` ${rest} ${small}` : ""}`;
      }
    }
    return `${whole} s`;
  };
  const ago = (seconds) => {
    if (Math.abs(seconds) < 5) return words.now;
    const [unit, divisor] = [["s", 1], ["min", 60], ["h", 3600], ["d", 86400]].filter(([, size]) => Math.abs(seconds) >= size).pop();
    const count = Math.floor(Math.abs(seconds) / divisor);
    return seconds < 0 ? words.in.replace("#", `${count} ${unit}`) : words[unit].replace("#", count);
  };
  const tick = () => {
    for (const time of document.querySelectorAll("time[data-ago], time[data-since]")) {
      const seconds = (Date.now() - new Date(time.dateTime)) / 1000;
      const text = "since" in time.dataset ? span(seconds) : ago(seconds);
      if (text && time.textContent !== text) time.textContent = text;
    }
  };
  if (words.now) setInterval(tick, 1000);

  // The pressed button answers at once, and cannot be pressed twice.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.target.method !== "post") return;
    setTimeout(() => {
      button.setAttribute("aria-busy", "true");
      button.disabled = true;
    });
    const release = () => {
      button.removeAttribute("aria-busy");
      button.disabled = false;
    };
    event.target.addEventListener("htmx:afterRequest", release, { once: true });
    window.addEventListener("pageshow", release, { once: true });
  });

  // On a narrow screen the rail is a line that scrolls: begin at the place where we are.
  const rail = document.querySelector(".rail > div");
  const here = rail?.querySelector("[aria-current]");
  if (here) rail.scrollLeft = here.offsetLeft - (rail.clientWidth - here.offsetWidth) / 2;

  // What was typed outlives a reload and a session that ended in the middle.
  const nameOf = (field) => `timonel.draft:${location.pathname}:${field.name}`;
  const recall = () => {
    for (const field of document.querySelectorAll("[data-keep]")) {
      if (!field.value) field.value = sessionStorage.getItem(nameOf(field)) || "";
    }
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-keep]")) sessionStorage.setItem(nameOf(event.target), event.target.value);
  });
  const forget = () => {
    if (!document.querySelector("[data-forget-drafts]")) return;
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(`timonel.draft:${location.pathname}:`)) sessionStorage.removeItem(key);
  };
  document.addEventListener("htmx:afterSwap", () => {
    forget();
    recall();
  });
  forget();
  recall();

  for (const pre of document.querySelectorAll(".evidence.plain pre")) pre.scrollTop = pre.scrollHeight;

  // A menu closes by a click elsewhere or Escape; filters apply when chosen.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(except)) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("change", (event) => {
    if (event.target.matches("form.filters :is(select, input[list])")) event.target.form.requestSubmit();
  });

  // A node of a run's graph: chosen here, drawn by the server, kept in the address.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-choose]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    document.getElementById("chosen-node").value = link.dataset.choose;
    history.replaceState(null, "", `?node=${encodeURIComponent(link.dataset.choose)}`);
    htmx.trigger(document.body, "choose");
  });

  const rows = () => [...document.querySelectorAll("tbody tr:has(a.row), .find:has(a.row)")];
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.dataset.current !== undefined);
    const to = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    if (at >= 0) delete all[at].dataset.current;
    to.dataset.current = "";
    to.querySelector("a.row").focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "/") {
      event.preventDefault();
      document.querySelector(".search input")?.focus();
    } else if (event.key === "j" || event.key === "k") {
      move(event.key === "j" ? 1 : -1);
    }
  });
})();
