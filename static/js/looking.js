// What a cluster says is asked for again every few seconds, while somebody sees it.
(() => {
  const EVERY = 5000;
  const LOGS = 2000;
  const look = () => {
    if (!document.hidden) htmx.trigger(document.body, "look");
  };
  setInterval(look, document.querySelector(".log.pods") ? LOGS : EVERY);
  document.addEventListener("visibilitychange", look);
})();
