// Assembles the page.

import { AdminPlace } from "./admin/place.js";
import { actingFor, caller, may, reasonWithout } from "./core/access.js";
import { Api } from "./core/api.js";
import { startClock } from "./core/clock.js";
import { byId, closest, on, setAttribute, setText } from "./core/dom.js";
import { jobName } from "./core/format.js";
import { icon } from "./core/icons.js";
import { lazy, prefetchModules } from "./core/lazy.js";
import { announce, noteFinished, notify, watchTitle } from "./core/notices.js";
import { Session } from "./core/session.js";
import { listenToKeys } from "./core/shortcuts.js";
import { nextTheme, startTheme } from "./core/theme.js";
import { AiButton } from "./form/ai_button.js";
import { Form } from "./form/form.js";
import { FormState } from "./form/form_state.js";
import { ModelFields } from "./form/model_fields.js";
import { ModelPicker } from "./form/model_picker.js";
import { Models } from "./form/models.js";
import { Pictures } from "./form/pictures.js";
import { Price } from "./form/price.js";
import { PromptBox } from "./form/prompt_box.js";
import { Uploads } from "./form/uploads.js";
import { Counters } from "./jobs/counters.js";
import { JobBook } from "./jobs/job_book.js";
import { JobList } from "./jobs/list.js";
import { isFinal, statusLook } from "./jobs/statuses.js";
import { ConnectionView } from "./live/connection_view.js";
import { Live } from "./live/live.js";
import { Situation } from "./live/situation.js";
import { SidePanel } from "./panel/side_panel.js";

/** @import { Act, Circumstances, Job } from "../types/page.js" */
/** @import { Account } from "./core/account.js" */
/** @import { Purse } from "./live/purse.js" */

const accountMenu = lazy(() => import("./core/account.js"));
const bulkButtons = lazy(() => import("./jobs/bulk.js"));
const money = lazy(() => import("./live/purse.js"));
const jobActions = lazy(() => import("./jobs/job_actions.js"));
const ratings = lazy(() => import("./jobs/rating.js"));
const shortcutSheet = lazy(() => import("./core/shortcut_sheet.js"));

const SEARCH_DEBOUNCE_MS = 200;

/** @type {Api} */
const api = new Api(() => session.signIn());
const session = new Session({ api, onChange: onSession });
const admin = new AdminPlace({ api, session });
const book = new JobBook(api);
const state = new FormState();
const models = new Models(api);
const situation = new Situation({ api, onChange: onSituation });

/** @type {NodeListOf<HTMLElement>} */
const iconPlaces = document.querySelectorAll("[data-icon]");
for (const place of iconPlaces) place.replaceWith(icon(place.dataset.icon ?? ""));
startTheme();
startClock();
watchTitle();

/** @type {Uploads | undefined} */
let uploads;

/** @returns {Circumstances} */
function now() {
	return { ...situation.now, uploading: uploads?.open, reading: models.fieldsOf(state.get("model")) === null };
}

const box = new PromptBox(state);
const form = new Form({ api, state, book, models, situation: now, onQueued });
const aiButton = new AiButton({ api, state, box, situation: now });
new ModelPicker({ models, state });
new ModelFields({ models, state });
new Price({ api, state, models });
const pictures = new Pictures({ state, situation: now });
uploads = new Uploads({ api, pictures, situation: now, onChange: () => form.showRun() });

const search = byId("search", HTMLInputElement);
const list = new JobList({
	element: byId("jobs"),
	empty: byId("empty"),
	older: byId("older", HTMLButtonElement),
	book,
	act,
	onClear: showAll,
});
const counters = new Counters({
	element: byId("counters"),
	figures: byId("figures"),
	api,
	book,
	onSelect: (group) => select({ group }),
});
const panel = new SidePanel({
	element: byId("panel"),
	api,
	book,
	actions,
	act,
	onOpen: (jobId) => list.mark(jobId),
	onClose: (jobId) => jobId !== null && list.focus(jobId),
});

const connection = new ConnectionView();
const live = new Live(api, { reread: () => book.reread(), onEvent, onState: (state, outage) => connection.show(state, outage) });
connection.attach(live);

/** Return the job actions; null if their module could not be loaded, which has been reported. */
async function actions() {
	const module = await jobActions();
	return module && new module.JobActions(api, book);
}

/**
 * @param {Parameters<Act>[0]} name
 * @param {Job} job
 */
async function act(name, job) {
	if (name === "open") location.hash = `job=${job.jobId}`;
	else if (name === "reuse") reuse(job);
	else if (name === "cancel") await (await actions())?.cancel(job);
	else if (name === "retry") await (await actions())?.retry(job);
	else if (name === "erase") await (await actions())?.erase(job);
	else await (await actions())?.copyCurl(job);
}

/** @param {Job} job */
function onQueued(job) {
	notify(`Queued: ${jobName(job)}.`, { action: { label: "Open", run: () => act("open", job) } });
	list.mark(job.jobId);
}

/** @type {Promise<void> | undefined} */
let bulk;
/** @type {Promise<Account | null> | null} */
let account = null;

/** @type {Promise<Purse | null> | null} */
let purse = null;

async function loadPurse() {
	const module = await money();
	return module && new module.Purse(api);
}

async function loadAccount() {
	const module = await accountMenu();
	return module && new module.Account({ api, session, onSignOut: () => state.forget() });
}

function onSession() {
	const now = caller();
	byId("admin-link").hidden = !now?.signedIn || !may("admin");
	// Where nobody has to sign in, there is nobody to show.
	if (now?.signedIn && (now.signInRequired || actingFor())) (account ??= loadAccount()).then((loaded) => loaded?.show());
	if (now?.signedIn) (purse ??= loadPurse()).then((loaded) => loaded?.show());
	uploads?.show();
	list.render();
	onSituation();
}

function onSituation() {
	form.showSituation();
	aiButton.show();
	pictures.show();
}

/**
 * Handle one change from the stream: a whole job, or the id of one to read.
 *
 * @param {any} data
 */
async function onEvent(data) {
	const job = data.job ?? data;
	if (job.jobId && job.status && job.links) book.put(job);
	else if (job.jobId) await book.refresh(job.jobId).catch(() => {});
}

/** @param {{ group?: string, search?: string }} wanted */
async function select(wanted) {
	if (wanted.search !== undefined) search.value = wanted.search;
	await book.select(wanted).catch(() => live.restart());
}

function showAll() {
	select({ group: "all", search: "" });
}

/**
 * Fill the form from a job, unless a written prompt still awaits a decision.
 *
 * @param {Job} job
 */
function reuse(job) {
	if (state.get("generate")) {
		notify("First decide on the prompt that Grok is writing.", { tone: "attention" });
		return;
	}
	if (matchMedia("(max-width: 1100px)").matches && panel.open) panel.close();
	showTab("new");
	form.reuse(job);
}

/** @type {NodeListOf<HTMLElement>} */
const tabs = document.querySelectorAll("[data-half]");

/** @param {string | undefined} name */
function showTab(name) {
	document.body.dataset.tab = name;
	for (const tab of tabs) setAttribute(tab, "aria-pressed", tab.dataset.half === name);
}

book.listen("change", ({ job, before }) => {
	if (!before || before.status === job.status) return;
	const { word } = statusLook(job.status);
	announce(`${jobName(job)}: ${word}.`);
	if (isFinal(job)) noteFinished(word);
});
book.listen("list", () => {
	setText(byId("shown"), book.loaded ? `${book.shown().length}${book.cursor ? "+" : ""} shown` : "");
	if (book.shown().length) bulk ??= addBulk();
	// The first view is complete.
	if (book.loaded) prefetchModules();
});

/** Add the buttons that act on all jobs, once there are any. */
async function addBulk() {
	const module = await bulkButtons();
	if (module) new module.Bulk({ api, book, element: byId("bulk") }).show();
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searching;
on(search, "input", () => {
	clearTimeout(searching);
	searching = setTimeout(() => select({ search: search.value.trim() }), SEARCH_DEBOUNCE_MS);
});
on(byId("help"), "click", showShortcuts);
for (const tab of tabs) on(tab, "click", () => showTab(tab.dataset.half));
on(byId("jobs"), "focusin", (event) => {
	const jobId = closest(event.target, "[data-job]")?.dataset.job;
	if (jobId) list.mark(jobId);
});

async function showShortcuts() {
	(await shortcutSheet())?.showShortcuts();
}

/** @param {"up" | "down"} word */
async function rateShown(word) {
	(await ratings())?.rateShown(word);
}

/** @param {boolean} kept */
async function keepCurrent(kept) {
	const job = current();
	if (job) await (await actions())?.keep(job, kept);
}

function current() {
	const jobId = panel.jobId ?? list.current;
	return jobId === null ? undefined : book.get(jobId);
}

/** @param {Parameters<Act>[0]} name */
function actOnCurrent(name) {
	const job = current();
	if (job) act(name, job);
}

/** @param {number} steps */
function step(steps) {
	showTab("jobs");
	const wasOpen = panel.open;
	const job = list.move(steps);
	if (wasOpen && job) location.hash = `job=${job.jobId}`;
}

function toPrompt() {
	showTab("new");
	const prompt = byId("prompt");
	if (prompt.hidden) byId("ai-state").querySelector("button")?.focus();
	else prompt.focus();
}

function toSearch() {
	showTab("jobs");
	search.focus();
}

/** @param {KeyboardEvent} event */
function escape({ target }) {
	const field = closest(target, "input, textarea, select");
	if (field === search && search.value) select({ search: "" });
	else if (field) field.blur();
	else if (panel.open) panel.close();
	else if (book.filtered) showAll();
}

/**
 * Return an act on the form or the jobs, which does nothing while they are out of sight.
 *
 * @param {() => unknown} act
 */
function inSight(act) {
	return () => admin.open || act();
}

listenToKeys(
	{
		"/": inSight(toSearch),
		"?": showShortcuts,
		n: inSight(toPrompt),
		j: inSight(() => step(1)),
		k: inSight(() => step(-1)),
		c: inSight(() => actOnCurrent("cancel")),
		r: inSight(() => actOnCurrent("retry")),
		u: inSight(() => actOnCurrent("reuse")),
		p: () => live.setPaused(!live.paused),
		s: inSight(() => keepCurrent(true)),
		x: inSight(() => keepCurrent(false)),
		"+": inSight(() => rateShown("up")),
		"-": inSight(() => rateShown("down")),
		t: () => announce(`Theme: ${nextTheme()}.`),
	},
	{ run: inSight(() => form.queue()), escape: (event) => admin.open || escape(event) },
);

/** Read what the page shows, once it is known who uses it. */
async function start() {
	const refused = await session.begin();
	if (refused) return (await (account ??= loadAccount()))?.showRefusal(refused);
	if (actingFor() && (await (await account)?.actsForNobody())) return;
	await admin.follow();
	situation.read();
	if (reasonWithout("jobs:read")) return;
	live.run();
	models.read();
	counters.read();
	aiButton.resume();
	panel.follow();
}

showTab(location.hash.startsWith("#job=") ? "jobs" : "new");
pictures.show();
start();
