// Tells, as a page is left, for how long it was looked at, how far, and how fast it was (docs/analytics.md).

const IDLE_AFTER_MS = 30_000;
const SLOWEST_MS = 60_000;
const [arrival] = performance.getEntriesByType("navigation");

const observers = [];

let path, spent, looking, since, touched, scroll, speed;

function begin() {
  path = location.pathname;
  spent = scroll = 0;
  since = touched = performance.now();
  looking = isLooking();
  speed = {};
}

function isLooking() {
  return document.visibilityState === "visible" && document.hasFocus();
}

// Not for longer than half a minute after somebody last did something.
function look() {
  const now = performance.now();
  if (looking) spent += Math.max(0, Math.min(now, touched + IDLE_AFTER_MS) - since);
  since = now;
  looking = isLooking();
}

function touch() {
  look();
  touched = since;
}

function measure() {
  scroll = Math.min(1, Math.max(scroll, (scrollY + innerHeight) / document.documentElement.scrollHeight));
}

function round(number, parts) {
  return Math.round(number * parts) / parts;
}

function observe(type, note, options) {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(note));
  observer.observe({ type, buffered: true, ...options });
  observers.push(() => observer.takeRecords().forEach(note));
}

// A UUID of version 7: the time, and chance from one of version 4.
function newId() {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

function send(name, properties, about = { path }) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const event = { id: newId(), name, ...about, properties: { ...properties, time_zone: timeZone } };
  navigator.sendBeacon("/api/analytics/events", JSON.stringify({ events: [event] }));
}

// Only what is new: somebody may come back to the tab. Nobody looks from here on, though a page that goes
// stays visible until the browser has said so once more.
function leave() {
  look();
  looking = false;
  measure();
  observers.forEach((take) => take());
  const seconds = Math.min(3600, round(spent / 1000, 10));
  if (seconds || Object.keys(speed).length) send("page_left", { seconds, scroll: round(scroll, 100), ...speed });
  spent = 0;
  speed = {};
}

// Of a page that the browser had already, and the platform does not know.
function view() {
  begin();
  send("page_view");
}

function start() {
  begin();
  let jumps = 0, first = 0, last = 0;
  observe("largest-contentful-paint", (entry) => {
    speed.lcp = Math.min(SLOWEST_MS, Math.max(0, round(entry.startTime - (arrival?.activationStart ?? 0), 1)));
  });
  observe("event", (entry) => {
    if (entry.interactionId) speed.inp = Math.min(SLOWEST_MS, Math.max(speed.inp ?? 0, entry.duration));
  }, { durationThreshold: 16 });
  // The worst burst: of five seconds, with less than one between two jumps.
  observe("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    if (entry.startTime - last > 1000 || entry.startTime - first > 5000) [jumps, first] = [0, entry.startTime];
    last = entry.startTime;
    jumps += entry.value;
    speed.cls = Math.max(speed.cls ?? 0, round(jumps, 1000));
  });
  for (const name of ["pointermove", "pointerdown", "keydown"]) addEventListener(name, touch, { passive: true });
  addEventListener("scroll", () => (touch(), measure()), { passive: true });
  for (const name of ["focus", "blur"]) addEventListener(name, look);
  addEventListener("pagehide", leave);
  addEventListener("feature", ({ detail }) => send("feature", {}, { feature: detail }));
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : touch()));
  addEventListener("pageshow", (event) => event.persisted && view());
  document.addEventListener("htmx:afterSettle", () => {
    if (location.pathname === path) return;
    leave();
    begin();
  });
}

const refused = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
if (!refused && !(arrival?.responseStatus >= 400)) {
  if (document.prerendering) {
    document.addEventListener("prerenderingchange", () => (start(), view()), { once: true });
  } else start();
}
