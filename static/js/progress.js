// Reports how far one reads, where, and for how long the page was looked at; brings one back to the last place.

const page = document.querySelector("[data-progress-url]");
const prose = page.querySelector(".prose");
const visit = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
const TICK_S = 1;
const REPORT_EVERY_S = 20;
// Nobody reads one screen for longer without touching anything.
const IDLE_AFTER_S = 90;
// Reaching the end is reading it only for who has spent some time here.
const LEAST_S = 5;

let fraction = Number(page.dataset.fraction) || 0;
let furthest = fraction;
let block = page.dataset.block;
let seconds = 0;
let idle = 0;
let reported = "";

const headings = [...prose.querySelectorAll("h2[id], h3[id], h4[id]")];

function look() {
  const { top, height } = prose.getBoundingClientRect();
  const read = Math.min(1, Math.max(0, (innerHeight - top) / height));
  furthest = Math.max(furthest, Math.round(read * 1000) / 1000);
  block = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 2).at(-1)?.id ?? "";
}

function report() {
  const form = new FormData();
  // The end is reported by the button, which the page then answers.
  fraction = Math.min(furthest, fraction === 1 ? 1 : 0.99);
  const state = { fraction, seconds, block, visit };
  if (JSON.stringify(state) === reported || seconds === 0) return;
  reported = JSON.stringify(state);
  for (const [name, value] of Object.entries(state)) form.set(name, value);
  form.set("csrfmiddlewaretoken", page.dataset.token);
  navigator.sendBeacon(page.dataset.progressUrl, form);
}

function finish() {
  const done = document.getElementById("done_form");
  if (!done || furthest < 1 || seconds < LEAST_S || fraction === 1) return;
  fraction = 1;
  for (const [name, value] of Object.entries({ seconds, visit })) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    done.append(field);
  }
  done.requestSubmit();
}

setInterval(() => {
  if (document.visibilityState !== "visible" || !document.hasFocus() || idle >= IDLE_AFTER_S) return;
  seconds += TICK_S;
  idle += TICK_S;
  look();
  finish();
  if (seconds % REPORT_EVERY_S === 0) report();
}, TICK_S * 1000);

for (const event of ["scroll", "pointermove", "keydown"]) {
  addEventListener(event, () => (idle = 0), { passive: true });
}
addEventListener("pagehide", report);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") report();
});

// Who reloads or goes back is brought to the right place by the browser.
const [entry] = performance.getEntriesByType("navigation");
const last = document.getElementById(page.dataset.block);
if (last && !location.hash && !["reload", "back_forward"].includes(entry?.type)) {
  last.scrollIntoView({ behavior: "instant" });
}
