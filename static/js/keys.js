// The keyboard, driven by what pages mark: [data-row], [data-go], [data-key], rel=prev/next,
// [data-search], [data-help] and dialog[data-keyboard-help]. Off while typing.

const GO_MS = 1200;
let goSince = -Infinity;

const first = (selector) => document.querySelector(selector);

// A ticked box keeps the focus, and the next key is meant for the rows.
function isTyping(target) {
  if (target.matches?.("input[type=checkbox], input[type=radio]")) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function follow(selector) {
  const link = first(selector);
  if (link) link.click();
  return Boolean(link);
}

function openHelp() {
  const dialog = first("dialog[data-keyboard-help]");
  if (dialog && !dialog.open) dialog.showModal();
  return Boolean(dialog);
}

function focusSearch() {
  const field = first("[data-search]") ?? first('input[type="search"]');
  if (field) {
    field.focus();
    field.select();
  }
  return Boolean(field);
}

// A row is reached through its link, so that Enter, focus ring and screen readers agree.
function moveRow(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : here + step;
  const row = rows[Math.min(Math.max(next, 0), rows.length - 1)];
  const link = row.matches("a") ? row : row.querySelector("a[href], summary");
  (link ?? row).focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

const ACTIONS = {
  "?": openHelp,
  "/": focusSearch,
  j: () => moveRow(1),
  k: () => moveRow(-1),
  "[": () => follow('[data-key="["], a[rel~="prev"]'),
  "]": () => follow('[data-key="]"], a[rel~="next"]'),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || first("dialog[open]")) return;
  const isGoing = event.timeStamp - goSince < GO_MS;
  goSince = -Infinity;
  let isDone = false;
  if (isGoing) isDone = follow(`[data-go="${CSS.escape(event.key)}"]`);
  else if (event.key === "g") goSince = event.timeStamp;
  else if (ACTIONS[event.key]) isDone = ACTIONS[event.key]();
  else if (event.key.length === 1) isDone = follow(`[data-key="${CSS.escape(event.key)}"]`);
  if (isDone) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-help]") && openHelp()) event.preventDefault();
});
