// The focus outlives a swap: in a part that came anew it stays where it was; after a press it goes to the answer.
(() => {
  const STOPS = "a[href], button, input, select, textarea, summary, [tabindex]";
  let pressed = null; // a pressed button is disabled until it is answered, and loses the focus at once
  let left = null;

  const nameOf = (stop) => stop.id || [stop.tagName, stop.getAttribute("href"), stop.name, stop.textContent.trim()].join(" ");
  const namesakes = (part, name) => [...part.querySelectorAll(STOPS)].filter((stop) => nameOf(stop) === name);
  const goTo = (element) => {
    if (!element.matches(STOPS)) element.tabIndex = -1;
    element.focus({ preventScroll: element.matches("[data-live] *") });
  };

  document.addEventListener("submit", (event) => {
    pressed = event.submitter;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    const here = document.activeElement === document.body ? pressed : document.activeElement;
    if (!event.detail.shouldSwap || !here || !part.contains(here)) return;
    const name = nameOf(here);
    left = { part, id: part.id, name, at: namesakes(part, name).indexOf(here), answered: here === pressed };
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!left || document.activeElement !== document.body) return;
    const part = document.getElementById(left.id) ?? left.part;
    const same = namesakes(part, left.name);
    const to = left.answered ? (part.querySelector("[role=alert]") ?? part) : (same[left.at] ?? same[0]);
    if (to) goTo(to);
    if (left.answered) pressed = null;
    left = null;
  });
})();
