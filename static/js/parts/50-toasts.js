// Toasts: from `HX-Trigger: {"toast": {"hue": "success", "title": "…", "text": "…"}}`, or a "toast" event.
// They leave after six seconds unless they tell of an error or somebody is reading them.
const toastRegion = () => document.querySelector("[data-toasts]");

function dismissToast(toast) {
  toast.dataset.leaving = "";
  setTimeout(() => toast.remove(), 180);
}

function arm(toast) {
  if ("sticky" in toast.dataset) return;
  let timer = setTimeout(dismissToast, 6000, toast);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(dismissToast, 3000, toast));
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", release);
}

function showToast({ hue = "info", title = "", text = "" }) {
  const region = toastRegion();
  const template = region?.querySelector(`template[data-toast-hue="${CSS.escape(hue)}"]`);
  if (!template) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector("[data-toast-title]").textContent = title;
  const body = toast.querySelector("[data-toast-text]");
  body.textContent = text;
  body.hidden = !text;
  region.append(toast);
  while (region.querySelectorAll("[data-toast]").length > 4) region.querySelector("[data-toast]").remove();
  arm(toast);
}

document.addEventListener("toast", (event) => showToast(event.detail ?? {}));
document.addEventListener("click", (event) => {
  const toast = event.target.closest?.("[data-toast-close]")?.closest("[data-toast]");
  if (toast) dismissToast(toast);
});
toastRegion()?.querySelectorAll("[data-toast]").forEach(arm);

// What htmx didn't swap in is told, never swallowed.
const failed = (key) => showToast({ hue: "error", title: toastRegion()?.dataset[key] });
document.addEventListener("htmx:error", () => failed("offline"));
document.addEventListener("htmx:response:error", (event) => {
  const { status, headers } = event.detail.ctx.response;
  if (status === 422 || headers?.get?.("HX-Trigger")?.includes("toast")) return;
  failed(status === 403 ? "forbidden" : status === 429 ? "busy" : status === 401 ? "login" : "failed");
});
