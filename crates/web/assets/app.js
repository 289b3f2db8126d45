// Small improvements over pages that work without any script.

const announce = (words) => {
  const place = document.getElementById("announce");
  if (place) place.textContent = words;
};

// `/` goes to the search box, as the hint says; never while somebody is typing.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const box = document.getElementById("q");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// The box is outside the address bar's reach of a swap: say the new number of hits, and keep the title of the page.
document.addEventListener("htmx:afterSettle", (event) => {
  const count = document.getElementById("count");
  if (event.detail.elt?.id === "found" && count) announce(count.textContent);
});

// htmx leaves the page as it is when the answer is an error; show the error page instead.
const reload = (event) => {
  const path = event.detail.pathInfo?.finalRequestPath ?? event.detail.pathInfo?.requestPath;
  if (path) window.location.assign(path);
};
document.addEventListener("htmx:responseError", reload);
document.addEventListener("htmx:sendError", reload);

// Empty fields stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  const parameters = event.detail.formData;
  for (const [name, value] of [...parameters.entries()]) if (value === "") parameters.delete(name);
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "get") return;
  for (const field of event.target.elements) if (field.name && field.value === "" && !field.required) field.disabled = true;
});
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("input:disabled")) field.disabled = false;
});

// What may stand behind the characters typed so far. A later answer never gives way to an earlier one.
let asked = 0;
let pause;
const suggest = async (box) => {
  const list = document.getElementById("suggestions");
  const mine = ++asked;
  const typed = box.value.trim();
  if (!list || typed === "" || typed.length > 40) return list?.replaceChildren();
  const answer = await fetch(`/api/v1/suggestions?q=${encodeURIComponent(typed)}`).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const { suggestions } = await answer.json();
  list.replaceChildren(...suggestions.map(({ text }) => {
    const option = document.createElement("option");
    // Browsers offer only what contains the letters typed: a word found by its pinyin shows them as its label.
    option.value = text;
    if (!text.includes(typed)) option.label = `${typed} ${text}`;
    return option;
  }));
};
document.addEventListener("input", (event) => {
  if (event.target.id !== "q" || event.isComposing) return;
  clearTimeout(pause);
  pause = setTimeout(suggest, 150, event.target);
});

// Findings and text: pointing at one lights the other, every piece of it; a click in the text leads to the finding.
const pieces = (anchor) => document.querySelectorAll(`mark[data-covers~="${CSS.escape(anchor)}"]`);
const unlight = () => document.querySelectorAll(".lit").forEach((element) => element.classList.remove("lit"));
const light = (anchor) => {
  unlight();
  pieces(anchor).forEach((piece) => piece.classList.add("lit"));
};
document.addEventListener("pointerover", (event) => {
  const item = event.target.closest?.(".item[data-span]");
  if (item?.dataset.span) return light(item.dataset.span);
  const mark = event.target.closest?.("mark[data-covers]");
  if (!mark) return unlight();
  unlight();
  for (const anchor of mark.dataset.covers.split(" ")) {
    document.querySelector(`.item[data-span="${CSS.escape(anchor)}"]`)?.classList.add("lit");
  }
});
const follow = () => {
  const anchor = decodeURIComponent(window.location.hash.slice(1));
  if (anchor) light(anchor);
};
window.addEventListener("hashchange", follow);
follow();
