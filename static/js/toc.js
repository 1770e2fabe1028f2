// The table of contents marks the section that is being read: the last heading above the upper third.

const links = new Map();
for (const link of document.querySelectorAll(".toc__link")) {
  const id = decodeURIComponent(link.hash.slice(1));
  links.set(id, [...(links.get(id) ?? []), link]);
}
const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
let current;

function mark() {
  const line = innerHeight / 3;
  const atEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const passed = headings.filter((heading) => heading.getBoundingClientRect().top < line);
  const here = (atEnd ? headings : passed).at(-1)?.id;
  if (here === current) return;
  for (const link of links.get(current) ?? []) link.removeAttribute("aria-current");
  for (const link of links.get(here) ?? []) link.setAttribute("aria-current", "location");
  current = here;
}

let waiting = false;
addEventListener(
  "scroll",
  () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  },
  { passive: true },
);
mark();
