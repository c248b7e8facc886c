// The harbour's clock, in the footer. The pages work without it.
const clock = document.querySelector("[data-clock]");
const tick = () => {
  clock.textContent = `${new Date().toISOString().slice(11, 16)} UTC`;
};
if (clock) {
  clock.hidden = false;
  tick();
  setInterval(tick, 10_000);
}
