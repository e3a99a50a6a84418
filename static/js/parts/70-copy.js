// Copy what [data-copy] holds, and say that it was copied.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return; // no permission, or not a secure page: the text is still there to select
  }
  button.dataset.copied = "";
  const live = document.querySelector("[data-announce]");
  if (live) live.textContent = live.dataset.announce;
  setTimeout(() => {
    delete button.dataset.copied;
    if (live) live.textContent = "";
  }, 1600);
});
