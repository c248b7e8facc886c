// The log: only the lines in view are in the document, so that a hundred thousand scroll like a hundred.
(() => {
  const HEIGHT = 20;
  const BEYOND = 40;
  const box = document.getElementById("log");
  if (!box) return;
  const search = document.getElementById("log-search");
  const follow = document.getElementById("log-follow");
  const count = document.getElementById("log-count");
  const filters = new URLSearchParams(location.search);
  const lines = [];
  let after = 0;
  const trouble = document.getElementById("log-trouble");
  const ofPods = box.classList.contains("pods"); // lines of many pods: a place in each instead of a number
  let asking = false;
  let again = false;
  let found = [];
  let chosen = -1;
  let target = Number((location.hash.match(/^#L(\d+)$/) || [])[1]) || 0;
  let following = !target;

  // The colours of pods, as the legend has them; who comes later gets the next one.
  const HUES = 8;
  const legend = document.getElementById("log-legend");
  const hues = new Map([...(legend?.querySelectorAll("a") ?? [])].map((one, index) => [one.title, (index % HUES) + 1]));
  const hueOf = (line) => {
    if (!hues.has(line.pod)) {
      hues.set(line.pod, (hues.size % HUES) + 1);
      const link = document.createElement("a");
      link.className = `pod-${hues.get(line.pod)}`;
      link.href = legend.dataset.pods.replace("POD", encodeURIComponent(line.pod));
      link.title = line.pod;
      link.textContent = line.short;
      const item = document.createElement("li");
      item.append(link);
      legend.append(item);
    }
    return hues.get(line.pod);
  };

  const pad = document.createElement("div");
  box.replaceChildren(pad);
  box.classList.add("virtual");
  search.hidden = follow.hidden = false;

  const element = (tag, name, text) => {
    const one = document.createElement(tag);
    if (name) one.className = name;
    if (text) one.textContent = text;
    return one;
  };
  const row = (line, index) => {
    const div = element("div", `line ${line.level}`);
    div.id = `L${line.n}`;
    div.style.top = `${index * HEIGHT}px`;
    if (line.n === target) div.classList.add("target");
    if (search.value && line.text.includes(search.value.toLowerCase())) div.classList.add("found");
    if (found[chosen] === index) div.classList.add("chosen");
    const text = element("span", "text");
    text.innerHTML = line.html; // escaped by the server; only its own colour spans
    if (ofPods) {
      const pod = element("span", `pod pod-${hueOf(line)}`, line.short);
      pod.title = `${line.pod} ${line.container}`;
      div.append(element("time", "", line.at), pod, text);
      return div;
    }
    const link = element("a", "", String(line.n));
    link.href = `#L${line.n}`;
    div.append(link, element("time", "", line.at), element("span", "node", line.node), text);
    return div;
  };
  const draw = () => {
    pad.style.height = `${lines.length * HEIGHT}px`;
    const first = Math.max(Math.floor(box.scrollTop / HEIGHT) - BEYOND, 0);
    const last = Math.min(first + Math.ceil(box.clientHeight / HEIGHT) + 2 * BEYOND, lines.length);
    const rows = [pad];
    for (let index = first; index < last; index += 1) rows.push(row(lines[index], index));
    box.replaceChildren(...rows);
  };
  const say = () => {
    count.textContent = search.value
      ? box.dataset.found.replace("#", found.length)
      : box.dataset.total.replace("#", lines.length.toLocaleString());
  };
  const scrollTo = (index) => {
    box.scrollTop = index * HEIGHT - box.clientHeight / 2;
    draw();
  };
  const setFollowing = (on) => {
    following = on;
    follow.setAttribute("aria-pressed", String(on));
    if (on) box.scrollTop = box.scrollHeight;
  };
  const find = () => {
    const text = search.value.toLowerCase();
    found = text ? lines.flatMap((line, index) => (line.text.includes(text) ? [index] : [])) : [];
    chosen = found.length ? Math.min(Math.max(chosen, 0), found.length - 1) : -1;
    say();
  };

  const ask = async () => {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      do {
        again = false;
        filters.set("after", after || (ofPods ? "" : 0));
        const response = await fetch(`${box.dataset.lines}?${filters}`, { headers: { Accept: "application/json" } });
        if (!response.ok || response.redirected) return;
        const page = await response.json();
        if (trouble && page.trouble !== undefined && trouble.textContent !== page.trouble) trouble.textContent = page.trouble;
        if (ofPods) page.lines.forEach((line, index) => (line.n = lines.length + index + 1));
        if (ofPods) after = page.cursor;
        if (page.lines.length) {
          lines.push(...page.lines);
          if (!ofPods) after = page.lines[page.lines.length - 1].n;
          again = !ofPods;
          if (search.value) find();
          draw();
          if (target && after >= target && !following) {
            const index = lines.findIndex((line) => line.n >= target);
            if (index >= 0 && !box.dataset.jumped) {
              box.dataset.jumped = "yes";
              scrollTo(index);
            }
          }
          if (following) box.scrollTop = box.scrollHeight;
        }
      } while (again);
    } catch {
      // no connection: the next ring or the next look asks again from the same line
    } finally {
      asking = false;
      say();
    }
  };

  let drawing = false;
  box.addEventListener("scroll", () => {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      draw();
    });
  });
  box.addEventListener("wheel", (event) => {
    if (event.deltaY < 0 && following) setFollowing(false);
  });
  box.addEventListener("keydown", (event) => {
    if (["ArrowUp", "PageUp", "Home"].includes(event.key)) setFollowing(false);
    if (event.key === "End") setFollowing(true);
  });
  box.addEventListener("click", (event) => {
    const link = event.target.closest(".line > a");
    if (!link) return;
    event.preventDefault();
    target = Number(link.textContent);
    history.replaceState(null, "", link.hash);
    navigator.clipboard?.writeText(location.href).catch(() => {});
    draw();
  });
  follow.addEventListener("click", () => setFollowing(!following));
  search.addEventListener("input", () => {
    chosen = 0;
    find();
    if (found.length) {
      setFollowing(false);
      scrollTo(found[0]);
    } else {
      draw();
    }
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!found.length) return;
    chosen = (chosen + (event.shiftKey ? found.length - 1 : 1)) % found.length;
    scrollTo(found[chosen]);
  });
  new ResizeObserver(draw).observe(box);
  document.body.addEventListener(ofPods ? "look" : "bell", ask);
  setFollowing(following);
  ask();
})();
