// The keys of the page. The viewer and other dialogs have keys of their own; `core/shortcut_sheet.js` lists them all.

import { may } from "./core/access.js";
import { byId, closest, on } from "./core/dom.js";
import { lazy } from "./core/lazy.js";
import { announce } from "./core/notices.js";
import { nextTheme } from "./core/theme.js";
import { groupLink } from "./side_by_side/link.js";
import { CORE } from "./words/core.js";

/** @import { Act, Job } from "../types/page.js" */
/** @import { Filter } from "./jobs/filter.js" */
/** @import { JobActions } from "./jobs/job_actions.js" */
/** @import { JobBook } from "./jobs/job_book.js" */
/** @import { RowSelection } from "./jobs/row_selection.js" */
/** @import { ViewSwitch } from "./jobs/view_switch.js" */
/** @import { Live } from "./live/live.js" */
/** @import { SidePanel } from "./panel/side_panel.js" */
/** @import { StatisticsPlace } from "./statistics/place.js" */

/**
 * @typedef {object} Page What the keys act on.
 * @property {StatisticsPlace} statistics
 * @property {JobBook} book
 * @property {ViewSwitch} views
 * @property {SidePanel} panel
 * @property {Live} live
 * @property {() => RowSelection | null} rows
 * @property {() => Promise<JobActions | null>} actions
 * @property {Act} act
 * @property {() => unknown} queue
 * @property {(wanted: Partial<Filter>) => unknown} select
 * @property {() => unknown} showAll
 * @property {() => unknown} openFilter
 * @property {(name: string) => unknown} showTab
 * @property {() => unknown} showShortcuts
 */

/** What takes letters itself. */
const EDITABLE = "input:not([type=checkbox]), textarea, select, [contenteditable]";
/** What may be repeated by holding the key down; everything else happens once. */
const REPEATED = new Set(["j", "k", "J", "K"]);

const ratings = lazy(() => import("./jobs/rating.js"));

/** @param {Page} page */
export function listenToKeys(page) {
	const { statistics, book, views, panel } = page;

	/** The job that a key is about: the one with the focus, else the one in the panel, else the one that was looked at last. */
	const current = () => {
		const focused = closest(document.activeElement, "#jobs-scroll [data-job], #jobs-scroll [data-key]")?.dataset;
		const jobId = focused?.job ?? focused?.key?.split(".")[0] ?? panel.jobId ?? views.shown.current;
		return jobId === null ? undefined : book.get(jobId);
	};
	/** @param {(job: Job) => unknown} does */
	const withJob = (does) => () => {
		const job = current();
		if (job) does(job);
	};
	/** @param {Parameters<Act>[0]} name */
	const doing = (name) => withJob((job) => page.act(name, job));
	/** @param {boolean} kept */
	const keeping = (kept) => withJob(async (job) => (await page.actions())?.keep(job, kept));
	/** @param {"up" | "down"} word */
	const rating = (word) => async () => (await ratings())?.rateShown(word);
	/** What selects: the gallery's tiles, or the list's rows. */
	const selecting = () => (views.gallery?.active ? views.gallery : page.rows());

	/** @param {number} steps */
	const step = (steps) => {
		page.showTab("jobs");
		const wasOpen = panel.open;
		const job = views.shown.move(steps);
		if (wasOpen && job) location.hash = `job=${job.jobId}`;
	};

	/** @type {Record<string, () => unknown>} On the form and the jobs. */
	const acts = {
		"/": () => {
			page.showTab("jobs");
			byId("search").focus();
		},
		n: () => {
			page.showTab("new");
			const prompt = byId("prompt");
			if (prompt.hidden) byId("ai-state").querySelector("button")?.focus();
			else prompt.focus();
		},
		j: () => step(1),
		k: () => step(-1),
		f: page.openFilter,
		g: () => views.toggle(),
		c: doing("cancel"),
		r: doing("retry"),
		u: doing("reuse"),
		l: keeping(true),
		x: keeping(false),
		X: () => selecting()?.toggleCurrent(),
		J: () => selecting()?.extend(1),
		K: () => selecting()?.extend(-1),
		b: withJob((job) => {
			const group = groupLink(job);
			if (group) location.hash = group;
		}),
		"+": rating("up"),
		"-": rating("down"),
	};
	/** @type {Record<string, () => unknown>} Wherever one is. */
	const everywhere = {
		"?": page.showShortcuts,
		p: () => page.live.setPaused(!page.live.paused),
		i: () => may("jobs:read") && (location.hash = statistics.open ? statistics.before : "statistics"),
		t: () => announce(CORE.theme(nextTheme())),
	};

	/**
	 * Leave one thing, the innermost.
	 *
	 * @param {KeyboardEvent} event
	 */
	const escape = ({ target }) => {
		const field = closest(target, EDITABLE);
		const search = byId("search", HTMLInputElement);
		if (field === search && search.value) page.select({ search: "" });
		else if (field) field.blur();
		else if (panel.open) panel.close();
		else if (selecting()?.open) selecting()?.endSelection();
		else if (book.filtered) page.showAll();
	};

	on(document, "keydown", (event) => {
		const { key, target } = event;
		// The form and the jobs are out of sight, or the form is there for a batch.
		const covered = document.querySelector("main.is-cover:not([hidden]), [data-making]") !== null;
		const commanded = event.ctrlKey || event.metaKey;
		// A dialog has keys of its own, and a menu is closed by the browser. Some keys are an input method's.
		if (event.isComposing || document.querySelector("dialog[open], :popover-open")) return;
		if (key === "Escape") {
			if (!covered) escape(event);
		} else if (key === "Enter" && commanded) {
			// It costs money: only from the form, whose button says what will happen.
			if (covered || !closest(target, "#form")) return;
			event.preventDefault();
			page.queue();
		} else if (!commanded && !event.altKey && !closest(target, EDITABLE)) {
			const found = Object.hasOwn(everywhere, key) ? everywhere : covered ? {} : acts;
			if (!Object.hasOwn(found, key)) return;
			event.preventDefault();
			if (!event.repeat || REPEATED.has(key)) found[key]();
		}
	});
}
