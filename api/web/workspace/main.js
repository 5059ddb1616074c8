// Assembles the page.

import { AdminPlace } from "./admin/place.js";
import { actingFor, caller, may, reasonWithout } from "./core/access.js";
import { Api } from "./core/api.js";
import { startClock } from "./core/clock.js";
import { byId, closest, on, setAttribute, setText } from "./core/dom.js";
import { jobName } from "./core/format.js";
import { icon } from "./core/icons.js";
import { lazy, once, prefetchModules } from "./core/lazy.js";
import { announce, noteFinished, notify, watchTitle } from "./core/notices.js";
import { Session } from "./core/session.js";
import { startTheme } from "./core/theme.js";
import { AiButton } from "./form/ai_button.js";
import { Form } from "./form/form.js";
import { FormState } from "./form/form_state.js";
import { ModelFields } from "./form/model_fields.js";
import { ModelPicker } from "./form/model_picker.js";
import { Models } from "./form/models.js";
import { Pictures } from "./form/pictures.js";
import { PromptBox } from "./form/prompt_box.js";
import { Uploads } from "./form/uploads.js";
import { Counters } from "./jobs/counters.js";
import { addressOf, isOn, NO_FILTER } from "./jobs/filter.js";
import { firstFilter, followFilter, noteFilter } from "./jobs/filter_place.js";
import { JobBook } from "./jobs/job_book.js";
import { JobList } from "./jobs/list.js";
import { isFinal, statusLook } from "./jobs/statuses.js";
import { ViewSwitch } from "./jobs/view_switch.js";
import { ConnectionView } from "./live/connection_view.js";
import { Live } from "./live/live.js";
import { Situation } from "./live/situation.js";
import { SidePanel } from "./panel/side_panel.js";
import { GroupPlace } from "./side_by_side/place.js";
import { StatisticsPlace } from "./statistics/place.js";
import { isAbove, ViewerPlace } from "./viewer/place.js";
import { CORE } from "./words/core.js";

/** @import { Act, Circumstances, Job } from "../types/page.js" */
/** @import { Filter } from "./jobs/filter.js" */
/** @import { FilterBar } from "./jobs/filter_bar.js" */
/** @import { RowSelection } from "./jobs/row_selection.js" */

const accountMenu = lazy(() => import("./core/account.js"));
const continuing = lazy(() => import("./continue/place.js"));
const batches = lazy(() => import("./batches/place.js"));
const kept = lazy(() => import("./kept/place.js"));
const gallery = lazy(() => import("./gallery/place.js"));
const bulkButtons = lazy(() => import("./jobs/bulk.js"));
const filterBar = lazy(() => import("./jobs/filter_bar.js"));
const money = lazy(() => import("./live/purse.js"));
const rowSelection = lazy(() => import("./jobs/row_selection.js"));
const queueControl = lazy(() => import("./live/queue_control.js"));
const jobActions = lazy(() => import("./jobs/job_actions.js"));
const pageKeys = lazy(() => import("./keys.js"));
const prices = lazy(() => import("./form/price.js"));
const starters = lazy(() => import("./form/starters.js"));
const told = lazy(() => import("./live/told.js"));
const shortcutSheet = lazy(() => import("./core/shortcut_sheet.js"));

const SEARCH_DEBOUNCE_MS = 200;

/** @type {Api} */
const api = new Api(() => session.signIn());
const session = new Session({ api, onChange: onSession });
const admin = new AdminPlace({ api, session });
const statistics = new StatisticsPlace(api);
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
	return { ...situation.now, uploading: uploads?.open, reading: [state.get("model"), ...state.get("alsoOn")].some((path) => models.fieldsOf(path) === null) };
}

const box = new PromptBox(state);
const form = new Form({ api, state, book, models, situation: now, onQueued: (job) => list.mark(job.jobId) });
const aiButton = new AiButton({ api, state, box, models, situation: now });
new ModelPicker({ models, state });
new ModelFields({ models, state, uploads: () => uploads });
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
const views = new ViewSwitch({ book, list, loadGallery: async () => (await gallery())?.makeGallery({ api, book, actions, readOlder: () => list.readOlder() }) ?? null });
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
	onOpen: (jobId) => views.shown.mark(jobId),
	onClose: (jobId) => jobId !== null && views.shown.focus(jobId),
});
const viewer = new ViewerPlace({ api, book, actions, act, readOlder: () => list.readOlder(), onClose: (jobId, index) => views.shown.focus(jobId, index) });
const groups = new GroupPlace({ api, book, models, actions });

const connection = new ConnectionView();
const live = new Live(api, { reread: () => book.reread(), onEvent, onSituation: () => situation.read(), onState: (state, outage) => connection.show(state, outage) });
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

/**
 * Show the form after another part of the page has changed it; if all of it was filled, bring it into sight.
 *
 * @param {boolean} whole
 */
async function showFilled(whole) {
	form.showSituation();
	if (!whole) return;
	await revealForm();
	byId("prompt").focus();
}

async function revealForm() {
	await viewer.leave();
	if (matchMedia("(max-width: 1023px)").matches && panel.open) panel.close();
	showTab("new");
}

const account = once(accountMenu, ({ Account }) => new Account({ api, session }));
const purse = once(money, ({ Purse }) => new Purse(api));
const queue = once(queueControl, ({ QueueControl }) => new QueueControl({ api, onChange: () => situation.read(), onPause: () => book.reread().catch(() => live.restart()) }));
const telling = once(told, ({ Told }) => new Told({ open: (job) => act("open", job), isOpen: () => [...book.jobs.values()].some((job) => !isFinal(job)) }));

function onSession() {
	const now = caller();
	byId("admin-link").hidden = !now?.signedIn || !may("admin");
	// Where nobody has to sign in, there is nobody to show.
	if (now?.signedIn && (now.signInRequired || actingFor())) account().then((made) => made?.show());
	if (now?.signedIn) purse().then((made) => made?.show());
	uploads?.show();
	list.render();
	onSituation();
}

function onSituation() {
	if (situation.report && caller()?.signedIn) queue().then((made) => made?.show(situation.report?.queue));
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
	if (job.jobId && job.status && job.links) book.hear(job);
	else if (data.batchId) book.emit("batch", data.batchId);
	else if (job.jobId) await book.refresh(job.jobId).catch(() => {});
}

/**
 * Show the jobs that a filter fits.
 *
 * @param {Partial<Filter>} wanted What differs from the present one.
 * @param {{ step?: boolean }} [how] Whether Back leads to the present one.
 */
async function select(wanted, { step = true } = {}) {
	const filter = { ...book.filter, ...wanted };
	noteFilter(filter, { step });
	if (search !== document.activeElement || wanted.search === "") search.value = filter.search;
	if (isOn(filter)) showFilter();
	await book.select(filter).catch(() => live.restart());
}

function showAll() {
	select(NO_FILTER);
}

/** @type {Promise<FilterBar | null> | undefined} */
let filterShown;

/** Return the filter's controls and chips, loaded when they are first needed. */
function showFilter() {
	return (filterShown ??= filterBar().then((module) => {
		// Not loaded, which has been reported: the next attempt loads it again.
		if (!module) filterShown = undefined;
		return module && new module.FilterBar({ book, models, select });
	}));
}

/**
 * Fill the form from a job, unless a written prompt still awaits a decision.
 *
 * @param {Job} job
 */
async function reuse(job) {
	if (state.get("generate")) {
		notify(CORE.decideFirst, { tone: "attention" });
		return;
	}
	await revealForm();
	form.reuse(job);
}

/** @type {NodeListOf<HTMLElement>} */
const tabs = document.querySelectorAll("[data-half]");

/** @param {string | undefined} name */
function showTab(name) {
	document.body.dataset.tab = name;
	for (const tab of tabs) setAttribute(tab, "aria-pressed", tab.dataset.half === name);
}

models.listen("change", showStarters);
prices().then((module) => module && new module.Price({ api, state, models, form }));
state.listen("change", ({ names }) => ["prompt", "instructions", "targetUrl", "refUrls"].some((name) => names.has(name)) && showStarters());

async function showStarters() {
	(await starters())?.showStarters(state, models);
}

book.listen("change", ({ job, before }) => {
	if (!before || before.status === job.status) return;
	const { word } = statusLook(job.status);
	announce(`${jobName(job)}: ${word}.`);
	if (!isFinal(job)) return;
	noteFinished(word);
	telling().then((made) => made?.finished(job));
});
book.listen("list", () => {
	setText(byId("shown"), book.loaded ? CORE.shown(book.shown().length, book.cursor !== null) : "");
	if (book.shown().length) offerBulk();
	if (!book.loaded) return;
	// The first view is complete.
	telling();
	prefetchModules();
	beginKept();
	beginBatches();
});

/** Offer batches, and show those that the address names. */
const beginBatches = once(batches, ({ begin }) => begin({ api, book, state, models, uploads: () => uploads, situation: now, select }));
/** Offer the form to the parts that go on from an output. */
const beginContinuing = once(continuing, ({ begin }) => begin({ api, state, models, book, show: showFilled, ai: aiButton }));
/** Offer what is kept, after the form: templates fill it. */
const beginKept = once(() => beginContinuing().then(kept), ({ begin }) => begin({ api, book, select }));

/** @type {RowSelection | null} */
let selectedRows = null;

/** Offer what acts on many jobs. */
const offerBulk = once(bulkButtons, async (bulk) => {
	bulk.offerBulk(api, book);
	const { RowSelection: Rows } = (await rowSelection()) ?? {};
	if (Rows) selectedRows = new Rows({ api, book, list, tools: byId("jobs-tools") });
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searching;
on(search, "input", () => {
	clearTimeout(searching);
	// What is typed is one step back, not one for each pause.
	searching = setTimeout(() => select({ search: search.value.trim() }, { step: !book.filter.search }), SEARCH_DEBOUNCE_MS);
});
on(byId("help"), "click", showShortcuts);
on(byId("filter"), "click", openFilter);
followFilter((filter) => {
	search.value = filter.search;
	if (addressOf(filter) !== addressOf(book.filter)) select(filter, { step: false });
});
for (const tab of tabs) on(tab, "click", () => showTab(tab.dataset.half));
on(byId("jobs"), "focusin", (event) => {
	const jobId = closest(event.target, "[data-job]")?.dataset.job;
	if (jobId) list.mark(jobId);
});

async function openFilter() {
	showTab("jobs");
	(await showFilter())?.toggle();
}

async function showShortcuts() {
	(await shortcutSheet())?.showShortcuts();
}

pageKeys().then((module) => module?.listenToKeys({ statistics, book, views, panel, live, rows: () => selectedRows, actions, act, queue: () => form.queue(), select, showAll, openFilter, showTab, showShortcuts }));

/** Read what the page shows, once it is known who uses it. */
async function start() {
	const refused = await session.begin();
	if (refused) return (await account())?.showRefusal(refused);
	if (caller()?.signedIn && actingFor() && (await (await account())?.actsForNobody())) return;
	await Promise.all([admin.follow(), statistics.follow()]);
	situation.read();
	if (reasonWithout("jobs:read")) return;
	book.filter = firstFilter();
	search.value = book.filter.search;
	if (book.filtered) showFilter();
	live.run();
	models.read();
	counters.read();
	aiButton.resume();
	// What an address opens at once uses these parts, too.
	if (location.hash.startsWith("#batch")) beginBatches();
	if (isAbove() || location.hash.startsWith("#job=")) await beginKept();
	panel.follow();
	viewer.follow();
	groups.follow();
}

showTab(/^#(job|view|group)=/.test(location.hash) ? "jobs" : "new");
pictures.show();
start();
