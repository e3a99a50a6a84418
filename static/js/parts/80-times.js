// Times: the reader's own zone is added to the tooltip; [data-relative] reads "3 minutes ago".
const language = document.documentElement.lang || "en";
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const local = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });
const steps = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function tellTime(element) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  if (!element.dataset.zoned) {
    element.dataset.zoned = "true";
    element.title += `\n${local.format(at)}`;
  }
  if (!("relative" in element.dataset)) return;
  const seconds = (at - Date.now()) / 1000;
  const [unit, length] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? steps.at(-1);
  if (Math.abs(seconds) < 30 * 86400) element.textContent = relative.format(Math.round(seconds / length), unit);
}

const tellTimes = (scope) => scope.querySelectorAll?.("time[datetime]").forEach(tellTime);
tellTimes(document);
document.addEventListener("htmx:after:swap", () => tellTimes(document));
setInterval(() => document.querySelectorAll("time[data-relative]").forEach(tellTime), 30000);
