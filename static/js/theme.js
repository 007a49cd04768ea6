// The theme button: paints at once and remembers through the same form that works without script.

const ORDER = ["system", "light", "dark"];

function paint(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
}

function relabel(button, theme) {
  const next = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
  button.value = next;
  button.title = `Theme: ${theme}`;
  button.setAttribute("aria-label", `Theme: ${theme}. Switch to ${next}`);
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-theme-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const button = event.submitter;
  const theme = button.value;
  const body = new FormData(form, button);
  const answer = await fetch(form.action, {
    method: "POST",
    body,
    headers: { "X-Requested-With": "fetch" },
  });
  if (!answer.ok) return;
  paint(theme);
  relabel(button, theme);
});
