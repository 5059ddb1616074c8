// Puts the page together.

import { AiGenerate } from "./ai_generate.js";
import { AiView } from "./ai_view.js";
import { Api } from "./api.js";
import { Bulk } from "./bulk.js";
import { startClock } from "./clock.js";
import { ConnectionView } from "./connection_view.js";
import { Counters } from "./counters.js";
import { askToken, showShortcuts } from "./dialogs.js";
import { byId, on, setAttribute, setText } from "./dom.js";
import { Form } from "./form.js";
import { FormState } from "./form_state.js";
import { jobName } from "./format.js";
import { icon } from "./icons.js";
import { JobActions } from "./job_actions.js";
import { JobBook } from "./job_book.js";
import { JobList } from "./list.js";
import { Live } from "./live.js";
import { ModelFields } from "./model_fields.js";
import { ModelPicker } from "./model_picker.js";
import { Models } from "./models.js";
import { announce, noteFinished, notify, watchTitle } from "./notices.js";
import { Pictures } from "./pictures.js";
import { Price } from "./price.js";
import { PromptBox } from "./prompt_box.js";
import { rateShown } from "./rating.js";
import { listenToKeys, SHEET } from "./shortcuts.js";
import { SidePanel } from "./side_panel.js";
import { Situation } from "./situation.js";
import { isFinal, statusLook } from "./statuses.js";
import { nextTheme, startTheme } from "./theme.js";
import { Uploads } from "./uploads.js";

const api = new Api(askToken);
const book = new JobBook(api);
const state = new FormState();
const models = new Models(api);
const actions = new JobActions(api, book);
const situation = new Situation({ api, onChange: () => onSituation() });
const now = () => ({ ...situation.now, uploading: uploads?.open, reading: models.fieldsOf(state.get("model")) === null });

for (const place of document.querySelectorAll("[data-icon]")) place.replaceWith(icon(place.dataset.icon));
startTheme();
startClock();
watchTitle();

const box = new PromptBox(state);
const generate = new AiGenerate({ api, state, box });
let uploads;
const form = new Form({ api, state, book, models, situation: now, onQueued });
const aiView = new AiView({ generate, state, situation: now });
new ModelPicker({ models, state });
new ModelFields({ models, state });
new Price({ api, state, models });
const pictures = new Pictures({ state, situation: now });
uploads = new Uploads({ api, pictures, situation: now, onChange: () => form.showRun() });
const act = (name, job) => acts[name](job);
const list = new JobList({ element: byId("jobs"), empty: byId("empty"), older: byId("older"), book, act });
const counters = new Counters({ element: byId("counters"), figures: byId("figures"), api, book, onSelect: (group) => select({ group }) });
const panel = new SidePanel({ element: byId("panel"), api, book, actions, act, onOpen: (jobId) => list.mark(jobId), onClose: (jobId) => list.focus(jobId) });
new Bulk({ api, book, element: byId("bulk") });

const connection = new ConnectionView();
const live = new Live(api, { reread: () => book.reread(), onEvent, onState: (name, detail) => connection.show(name, detail) });
connection.attach(live);

function onQueued(job) {
	notify(`Queued: ${jobName(job)}.`, { action: { label: "Open it", run: () => acts.open(job) } });
	list.mark(job.jobId);
}

function onSituation() {
	form.showSituation();
	aiView.show();
	pictures.show();
}

// Take one change from the stream: a whole job, or the id of one to read.
function onEvent(data) {
	const job = data.job ?? data;
	if (job.links) return book.put(job);
	return job.jobId ? book.refresh(job.jobId).catch(() => {}) : undefined;
}

const acts = {
	open: ({ jobId }) => (location.hash = `job=${jobId}`),
	cancel: (job) => actions.cancel(job),
	retry: (job) => actions.retry(job),
	copy: (job) => actions.copyCurl(job),
	reuse,
	clear: () => select({ group: "all", search: "" }),
};

async function select(wanted) {
	if (wanted.search !== undefined) byId("search").value = wanted.search;
	await book.select(wanted).catch(() => live.restart());
}

// Fill the form from a job, after asking where a decision about a written prompt is open.
function reuse(job) {
	if (state.get("generate")) return notify("First decide about the prompt that is being written.", { tone: "attention" });
	if (matchMedia("(max-width: 1100px)").matches && panel.open) panel.close();
	showTab("new");
	return form.reuse(job);
}

function showTab(name) {
	document.body.dataset.tab = name;
	for (const tab of document.querySelectorAll("[data-half]")) setAttribute(tab, "aria-pressed", tab.dataset.half === name);
}

on(book, "change", ({ detail: { job, before } }) => {
	if (!before || before.status === job.status) return;
	const { word } = statusLook(job.status);
	announce(`${jobName(job)}: ${word}.`);
	if (isFinal(job)) noteFinished(job, word);
});
on(book, "list", () => setText(byId("shown"), book.loaded ? `${book.shown().length}${book.cursor ? "+" : ""} shown` : ""));

let searching;
on(byId("search"), "input", (event) => {
	clearTimeout(searching);
	searching = setTimeout(() => select({ search: event.target.value.trim() }), 200);
});
on(byId("help"), "click", () => showShortcuts(SHEET));
for (const tab of document.querySelectorAll("[data-half]")) on(tab, "click", () => showTab(tab.dataset.half));
on(byId("jobs"), "focusin", (event) => {
	const jobId = event.target.closest("[data-job]")?.dataset.job;
	if (jobId) list.mark(jobId);
});

const current = () => book.get(panel.jobId ?? list.current);
const onCurrent = (act) => () => current() && act(current());

function step(steps) {
	showTab("jobs");
	const wasOpen = panel.open;
	const job = list.move(steps);
	if (wasOpen && job) location.hash = `job=${job.jobId}`;
}

function escape(event) {
	if (event.target.matches?.("input, textarea, select")) {
		if (event.target === byId("search") && event.target.value) select({ search: "" });
		else event.target.blur();
	} else if (panel.open) panel.close();
	else if (book.filtered) acts.clear();
}

listenToKeys(
	{
		"/": () => (showTab("jobs"), byId("search").focus()),
		"?": () => showShortcuts(SHEET),
		n: () => (showTab("new"), byId("prompt").hidden ? byId("ai-state").querySelector("button").focus() : byId("prompt").focus()),
		j: () => step(1),
		k: () => step(-1),
		c: onCurrent(acts.cancel),
		r: onCurrent(acts.retry),
		u: onCurrent(reuse),
		p: () => live.setPaused(!live.paused),
		s: onCurrent((job) => actions.keep(job, true)),
		x: onCurrent((job) => actions.keep(job, false)),
		"+": () => rateShown("up"),
		"-": () => rateShown("down"),
		t: () => announce(`Theme: ${nextTheme()}.`),
	},
	{ run: () => form.queue(), escape },
);

showTab(location.hash ? "jobs" : "new");
pictures.show();
live.run();
models.read();
situation.read();
counters.read();
generate.resume();
panel.follow();
