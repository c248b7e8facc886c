// News: a ring on the socket says that something changed; the page then asks for its fragments again. While there is no
// socket the page asks every few seconds, and a quiet bar says so. What is on the screen always equals the database.
(() => {
  const TOGETHER = 200; // rings within this many milliseconds are answered by one question
  const WITHOUT_SOCKET = 3000;
  const ANYWAY = 20000; // a lost ring costs at most this
  const QUIET = 1500; // a reconnection faster than this is nobody's business
  const NO_SESSION = 4001;
  const NO_RIGHT = 4003;
  let open = false;
  let ended = false;
  let soon = null;
  let lastAsked = 0;
  let barSoon = null;

  const ask = () => {
    soon = null;
    lastAsked = Date.now();
    htmx.trigger(document.body, "bell");
  };
  const ring = () => {
    if (soon === null) soon = setTimeout(ask, TOGETHER);
  };
  const show = (word) => {
    const bar = document.getElementById("live-bar");
    if (!bar) return;
    bar.hidden = !word;
    for (const line of bar.querySelectorAll("[data-say]")) line.hidden = line.dataset.say !== word;
  };

  document.addEventListener("htmx:wsOpen", () => {
    open = true;
    clearTimeout(barSoon);
    show("");
    document.documentElement.dataset.live = "on";
    ring(); // whatever happened while nobody listened
  });
  document.addEventListener("htmx:wsClose", (event) => {
    open = false;
    delete document.documentElement.dataset.live;
    const { code } = event.detail.event;
    clearTimeout(barSoon);
    if (code === NO_SESSION || code === NO_RIGHT) {
      ended = true;
      show("gone");
      return;
    }
    barSoon = setTimeout(() => show("lost"), QUIET);
    // The extension itself comes back after an abnormal end only.
    if (code === 1000 || code === 1001) setTimeout(() => event.detail.socketWrapper.reconnect(), 1000);
  });
  document.addEventListener("htmx:wsBeforeMessage", (event) => {
    event.preventDefault(); // a message is a ring, never content
    ring();
  });
  setInterval(() => {
    if (ended || document.hidden || !document.querySelector("[ws-connect]")) return;
    if (Date.now() - lastAsked > (open ? ANYWAY : WITHOUT_SOCKET)) ring();
  }, 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ring();
  });

  // A fragment that came back the same is left alone: open details, selections and scrolling stay.
  const shown = new WeakMap();
  const told = (text) => text.replaceAll(' data-current=""', "").replace(/name="(?:csrfmiddlewaretoken|key)" value="[^"]*"/g, "").replace(/(<time[^>]*data-(?:ago|since)[^>]*>)[^<]*/g, "$1");
  const parsed = (text) => {
    const template = document.createElement("template");
    template.innerHTML = text;
    return template.innerHTML;
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, xhr } = event.detail;
    if (!elt.hasAttribute("data-live") || xhr.status !== 200) return;
    if (elt.querySelector("[aria-busy=true]")) {
      event.detail.shouldSwap = false; // a pressed button keeps its place until it is answered
      ring();
      return;
    }
    const text = told(xhr.responseText);
    const known = shown.get(elt) ?? told(elt.innerHTML);
    const fresh = shown.has(elt) ? text : told(parsed(xhr.responseText));
    shown.set(elt, text);
    if (known === fresh) event.detail.shouldSwap = false;
    else remember(elt);
  });

  // Which details are open, which row is current, and how far what scrolls was scrolled, outlive a swap.
  // A log that was read at its end stays at its end.
  let kept = null;
  const remember = (elt) => {
    const details = new Map([...elt.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
    const scrolled = new Map([...elt.querySelectorAll("[id] > pre")].map((one) => [one.parentElement.id, one.scrollTop + one.clientHeight >= one.scrollHeight - 4 ? Infinity : one.scrollTop]));
    kept = { details, scrolled, row: elt.querySelector("tr[data-current]")?.id };
  };
  document.addEventListener("htmx:afterSwap", () => {
    if (!kept) return;
    for (const [id, isOpen] of kept.details) {
      const one = document.getElementById(id);
      if (one) one.open = isOpen;
    }
    const row = kept.row && document.getElementById(kept.row);
    if (row) {
      row.dataset.current = "";
      if (document.activeElement === document.body) row.querySelector("a.row")?.focus();
    }
    for (const [id, top] of kept.scrolled) {
      const pre = document.getElementById(id)?.querySelector("pre");
      if (pre) pre.scrollTop = Math.min(top, pre.scrollHeight);
    }
    kept = null;
  });
})();
