// Keys for the whole page. Never while somebody types or a question is open.

const TYPING = "input, textarea, select, [contenteditable]";

/** What the sheet shows. */
export const SHEET = [
	[["Ctrl", "Enter"], "Queue what the form says (also ⌘ Enter)"],
	[["n"], "New job: to the prompt"],
	[["/"], "Search the jobs"],
	[["j"], "Next job"],
	[["k"], "Previous job"],
	[["Enter"], "Open the job"],
	[["c"], "Cancel the job"],
	[["r"], "Retry the job"],
	[["u"], "Use the job again"],
	[["p"], "Pause live updates"],
	[["t"], "Theme: system, light, dark"],
	[["?"], "This sheet"],
	[["Esc"], "Close; leave a field"],
];

/** Listen to keys: `acts` by key. `run` is for Ctrl/Cmd+Enter, `escape` for Esc. */
export function listenToKeys(acts, { run, escape }) {
	document.addEventListener("keydown", (event) => {
		if (document.querySelector("dialog[open]")) return;
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
			event.preventDefault();
			run();
			return;
		}
		if (event.key === "Escape") {
			escape(event);
			return;
		}
		if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING)) return;
		const act = acts[event.key];
		if (!act) return;
		event.preventDefault();
		act();
	});
}
