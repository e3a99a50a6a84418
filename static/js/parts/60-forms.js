// Forms: focus on the first error, no double sending, passwords one can look at, "Max" buttons.
function focusFirstError(scope) {
  const summary = scope.querySelector("[data-error-summary]");
  const wrong = scope.querySelector('form[data-form] [aria-invalid="true"]:not([type="hidden"])');
  const several = scope.querySelectorAll('form[data-form] [aria-invalid="true"]').length > 3;
  (several && summary ? summary : (wrong ?? summary))?.focus();
}

focusFirstError(document);
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.response?.status === 422) focusFirstError(document);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-form]");
  if (!form || event.defaultPrevented) return;
  if (form.dataset.sending) return event.preventDefault();
  if (form.method === "get" || form.matches("[hx-post],[hx-put],[hx-patch],[hx-delete]")) return;
  form.dataset.sending = "true";
  event.submitter?.setAttribute("aria-busy", "true");
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }
});

document.addEventListener("click", (event) => {
  const reveal = event.target.closest?.("[data-reveal-toggle]");
  if (reveal) {
    const input = reveal.closest("[data-reveal]").querySelector("input");
    const show = input.type === "password";
    input.type = show ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(show));
  }
  const fill = event.target.closest?.("[data-fill]");
  if (fill) {
    const input = document.getElementById(fill.dataset.fill);
    input.value = fill.dataset.fillValue.replaceAll(",", "");
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  }
});
