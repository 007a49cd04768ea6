// Copy what a [data-copy] button carries. The buttons are hidden until a script can serve them.

const SAID_MS = 2000;

function offer(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const said = button.querySelector("[data-copy-said]");
  let words = "Copied";
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    words = "Could not copy";
  }
  if (!said) return;
  said.textContent = words;
  setTimeout(() => { said.textContent = ""; }, SAID_MS);
});

document.addEventListener("htmx:load", (event) => offer(event.target));
offer(document);
