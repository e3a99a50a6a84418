// Files: what was chosen or dropped is listed; a form with [data-upload] is sent with a progress bar.
// The answer is the page the server would have shown anyway: a redirect is followed, a 422 replaces the form.
const units = ["B", "KB", "MB", "GB"];

function readable(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toFixed(step ? 1 : 0)} ${units[step]}`;
}

function listFiles(drop) {
  const list = drop.querySelector("[data-drop-list]");
  const rows = [...drop.querySelector('input[type="file"]').files].map((file) => {
    const row = drop.querySelector("[data-drop-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-file-name]").textContent = file.name;
    row.querySelector("[data-file-size]").textContent = readable(file.size);
    return row;
  });
  list.replaceChildren(...rows);
}

document.addEventListener("change", (event) => {
  const drop = event.target.matches?.('[data-drop] input[type="file"]') && event.target.closest("[data-drop]");
  if (drop) listFiles(drop);
});

for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => {
    const zone = event.target.closest?.("[data-drop-zone]");
    if (zone) zone.toggleAttribute("data-over", over);
  });
}

function showProgress(form, share) {
  for (const bar of form.querySelectorAll("[data-drop-list] [data-file-progress]")) {
    bar.hidden = false;
    bar.value = Math.round(share * 100);
  }
}

function take(form, request) {
  const here = new URL(form.action, location.href).href;
  if (request.status < 400 && request.responseURL !== here) return location.assign(request.responseURL);
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const again = form.id ? answer.getElementById(form.id) : answer.querySelector("form[data-upload]");
  if (!again) return location.reload();
  form.replaceWith(again);
  globalThis.htmx?.process(again);
  again.querySelector('[aria-invalid="true"], [data-error-summary]')?.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form || event.defaultPrevented || form.matches("[hx-post]")) return;
  const hasFiles = [...form.querySelectorAll('input[type="file"]')].some((input) => input.files.length);
  if (!hasFiles) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (step) => showProgress(form, step.loaded / step.total));
  request.addEventListener("load", () => take(form, request));
  request.addEventListener("error", () => {
    delete form.dataset.sending;
    event.submitter?.removeAttribute("aria-busy");
    document.dispatchEvent(new Event("htmx:error"));
  });
  request.open("POST", form.action);
  request.send(new FormData(form, event.submitter));
});
