// What was queued together, side by side: a column for each model, with each output's picture, price, time and like.

import { el, fill, iconButton, on, pictureOf, setAttribute, setText, showAllowed } from "../core/dom.js";
import { reasonWithout } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { duration, jobName, usd, wordsOf } from "../core/format.js";
import { icon } from "../core/icons.js";
import { thumbnailOf } from "../core/media.js";
import { lazy } from "../core/lazy.js";
import { raiseNotices } from "../core/notices.js";
import { persist } from "../core/persist.js";
import { addStyles } from "../core/styles.js";
import { vocabulary } from "../core/vocabulary.js";
import { isCovered } from "../gallery/covers.js";
import { setChip } from "../jobs/rows.js";
import { keyOf, viewLink } from "../viewer/link.js";
import { CORE } from "../words/core.js";
import { SIDE_BY_SIDE } from "../words/side_by_side.js";
import { columnsOf, nextTo, priceOf, secondsOf } from "./columns.js";

/** @import { Api } from "../core/api.js" */
/** @import { Models } from "../form/models.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Job, Output } from "../../types/page.js" */

const shortcutSheet = lazy(() => import("../core/shortcut_sheet.js"));

export class SideBySide {
	styled = addStyles("side_by_side.css");
	/** @type {string | null} */
	group = null;
	/** @type {Map<string, Job>} */
	jobs = new Map();
	/** @type {Map<string, Card>} */
	cards = new Map();
	title = el("h2", { id: "beside-title" });
	count = el("p.quiet", { role: "status" });
	columns = el("div.beside-columns", { role: "group", "aria-label": SIDE_BY_SIDE.columns });

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {JobBook} parts.book
	 * @param {Models} parts.models
	 * @param {() => Promise<JobActions | null>} parts.actions
	 * @param {() => void} parts.onClose
	 */
	constructor({ api, book, models, actions, onClose }) {
		this.api = api;
		this.models = models;
		this.like = async (/** @type {Job} */ job) => (await actions())?.keep(job, true);
		const close = iconButton("cross", SIDE_BY_SIDE.close, onClose);
		this.dialog = el("dialog.beside.has-notices", { "aria-labelledby": "beside-title" }, el("header.beside-head", el("div.grow", this.title, this.count), close), this.columns);
		on(this.dialog, "cancel", (event) => {
			event.preventDefault();
			onClose();
		});
		on(this.dialog, "keydown", (event) => this.onKey(event));
		document.body.append(this.dialog);
		book.listen("change", ({ job }) => this.group !== null && job.metadata.group === this.group && this.take([job]));
	}

	/** @param {string | null} group What the address asks for; null closes it. */
	follow(group) {
		if (group === this.group) return;
		this.group = group;
		this.jobs.clear();
		this.cards.clear();
		if (group === null) {
			this.dialog.close();
			return raiseNotices();
		}
		setText(this.title, "");
		setText(this.count, SIDE_BY_SIDE.loading);
		fill(this.columns);
		if (!this.dialog.open) this.dialog.showModal();
		raiseNotices();
		return this.read(group);
	}

	/** @param {string} group */
	async read(group) {
		const wanted = () => group === this.group;
		const query = new URLSearchParams({ group, limit: String(vocabulary.limits.jobsAtOnce) });
		try {
			const found = await persist(() => this.api.get("/api/jobs", { query }), { wanted, missed: () => setText(this.count, CORE.silent) });
			if (found && wanted()) this.take(found.items);
		} catch (thrown) {
			const { sentence } = asProblem(thrown);
			if (wanted()) setText(this.count, sentence);
		}
	}

	/** @param {Job[]} jobs Read, or changed. */
	take(jobs) {
		for (const job of jobs) this.jobs.set(job.jobId, job);
		const all = [...this.jobs.values()];
		const cost = priceOf(all);
		setText(this.title, all.length ? wordsOf(all[0]) || jobName(all[0]) : "");
		setText(this.count, all.length ? [SIDE_BY_SIDE.results(all.length), cost !== null && SIDE_BY_SIDE.cost(usd(cost))].filter(Boolean).join(" · ") : SIDE_BY_SIDE.empty);
		const columns = columnsOf(all);
		for (const job of all) {
			const card = this.cards.get(job.jobId) ?? new Card(job, this.labelOf(job.model), this.like);
			this.cards.set(job.jobId, card);
			card.show(job);
		}
		// Only what is new is put in place: a card that is looked at keeps its focus.
		const placed = columns.flatMap(({ jobs: those }) => those.map(({ jobId }) => jobId)).join(" ");
		if (this.columns.dataset.shows === placed && this.columns.childElementCount) return;
		this.columns.dataset.shows = placed;
		fill(this.columns, columns.map(({ model, jobs: those }) => el("section.beside-column", { "aria-label": this.labelOf(model) }, el("h3", this.labelOf(model)), ...those.flatMap(({ jobId }) => this.cards.get(jobId)?.element ?? []))));
	}

	/** @param {string} path */
	labelOf(path) {
		return this.models.get(path)?.label ?? path;
	}

	/** @param {KeyboardEvent} event */
	async onKey(event) {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		if (event.key === "?") return (await shortcutSheet())?.showShortcuts();
		const columns = [...this.columns.children].map((column) => /** @type {HTMLElement[]} */ ([...column.querySelectorAll("a")]));
		const active = document.activeElement;
		const next = nextTo(columns, columns.flat().find((link) => link === active), event.key);
		if (next) {
			event.preventDefault();
			next.focus();
		} else if (event.key === "l") {
			const card = [...this.cards.values()].find(({ element }) => element.contains(active));
			if (card && !event.repeat) this.like(card.job);
		}
	}
}

/** One job: created once, then updated. */
class Card {
	chip = el("span.chip");
	facts = el("span.quiet");
	pictures = el("div.beside-pictures");
	shows = "";

	/**
	 * @param {Job} job
	 * @param {string} label Of its model.
	 * @param {(job: Job) => unknown} like
	 */
	constructor(job, label, like) {
		this.job = job;
		this.label = label;
		this.like = iconButton("heart", SIDE_BY_SIDE.like, () => reasonWithout("jobs:write") ?? like(this.job));
		setAttribute(this.like, "aria-label", SIDE_BY_SIDE.likeOf(jobName(job), label));
		showAllowed(this.like, reasonWithout("jobs:write"), SIDE_BY_SIDE.like);
		this.element = el("article.beside-card", this.pictures, el("div.beside-line", this.chip, this.facts, el("span.grow"), this.like));
	}

	/** @param {Job} job */
	show(job) {
		this.job = job;
		setChip(this.chip, job.status);
		const seconds = secondsOf(job);
		const facts = [job.mediaCostUsd !== null && usd(job.mediaCostUsd), seconds !== null && SIDE_BY_SIDE.took(duration(seconds))];
		setText(this.facts, facts.filter(Boolean).join(" "));
		this.like.hidden = !job.outputs.length;
		setAttribute(this.like, "aria-pressed", job.kept === true);
		const shows = JSON.stringify([job.outputs, job.outputs.length ? null : job.statusText]);
		if (shows === this.shows) return;
		this.shows = shows;
		fill(this.pictures, job.outputs.length ? job.outputs.map((output) => this.link(job, output)) : el("a.beside-wait", { href: `#job=${job.jobId}` }, job.error?.message ?? job.statusText));
	}

	/**
	 * @param {Job} job
	 * @param {Output} output
	 */
	link(job, output) {
		const covered = isCovered(keyOf(job, output.index), output);
		const address = covered ? null : thumbnailOf(output);
		const shape = icon(covered ? "warning" : output.kind === "video" ? "video" : "image");
		const link = el("a.beside-picture", { href: viewLink({ jobId: job.jobId, index: output.index }), "aria-label": SIDE_BY_SIDE.openOutput(jobName(job), this.label), title: covered ? SIDE_BY_SIDE.covered : null });
		link.append(address ? pictureOf(address, "", () => link.replaceChildren(shape)) : shape);
		return link;
	}
}
