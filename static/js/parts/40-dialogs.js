// Buttons open dialogs by `command` and `commandfor`; this does it where the browser can't yet.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[commandfor]");
    const target = button && document.getElementById(button.getAttribute("commandfor"));
    if (!target) return;
    if (button.getAttribute("command") === "show-modal" && !target.open) target.showModal();
    if (button.getAttribute("command") === "close") target.close();
  });
}

if (!("closedBy" in HTMLDialogElement.prototype)) {
  document.addEventListener("click", (event) => {
    if (event.target.matches?.('dialog[closedby="any"][open]')) event.target.close();
  });
}
