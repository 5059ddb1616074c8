// The gallery: every output a tile, in justified rows. Only the rows near the window are in the document.

import { whenBack } from "../core/back.js";
import { every } from "../core/clock.js";
import { closest, el, on, part, place } from "../core/dom.js";
import { addStyles } from "../core/styles.js";
import { arrange } from "../kept/arrangement.js";
import { keyOf } from "../viewer/link.js";
import { justify, leftsOf, rowOf, rowsBetween, towards } from "./layout.js";
import { Selection, SelectionBar } from "./selection.js";
import { TileView } from "./tile_view.js";
import { GalleryTools } from "./tools.js";
import { tileRatio, tilesOf } from "./tiles.js";

/** @import { Job } from "../../types/page.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Row } from "./layout.js" */
/** @import { Host } from "./tile_view.js" */
/** @import { Tile } from "./tiles.js" */

const GAP = 6;
const SMALL_WINDOW = 600;
const SMALLER = 0.7;
/** How far beyond the window tiles are ready, in windows. */
const AHEAD = 0.75;
/** How far before its end older jobs are read, in windows. */
const OLDER_AHEAD = 2;
/** Jobs to read for a selection of all: as many as can be acted on at once. */
const MOST_SELECTED = 1000;
const SAME_RATIO = 0.01;

const SHIFTING = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

export class Gallery {
	active = false;
	/** @type {Tile[]} */
	tiles = [];
	/** @type {Map<string, number>} */
	places = new Map();
	/** @type {number[]} */
	ratios = [];
	/** @type {Row[]} */
	rows = [];
	/** @type {Map<string, number>} The true ratios of pictures, by key. */
	learned = new Map();
	/** @type {Map<string, TileView>} */
	views = new Map();
	/** @type {Map<string, HTMLElement>} Rows in the document, by the key of their first tile. */
	lines = new Map();
	drawn = "";
	width = 0;
	/** @type {string | null} The tile that the keyboard is on. */
	key = null;
	stuck = false;
	reading = false;
	frame = 0;
	stale = false;
	relearned = false;
	/** Whether rows that are in the document already may have changed. */
	rearranged = false;
	selection = new Selection();
	styled = addStyles("gallery.css");

	/**
	 * @param {object} parts
	 * @param {HTMLElement} parts.element
	 * @param {HTMLElement} parts.scroller
	 * @param {HTMLElement} parts.tools Beside the search.
	 * @param {JobBook} parts.book
	 * @param {(job: Job, liked: boolean) => unknown} parts.like
	 * @param {() => Promise<unknown>} parts.readOlder
	 */
	constructor({ element, scroller, tools, book, like, readOlder }) {
		this.element = element;
		this.inside = scroller;
		this.book = book;
		this.readOlder = readOlder;
		/** @type {Host} */
		this.host = {
			select: (tile, event) => this.select(tile, event),
			like: (job) => like(job, true),
			learn: (key, ratio) => this.learn(key, ratio),
		};
		this.tools = new GalleryTools(tools, this.selection, () => this.resize());
		this.bar = new SelectionBar(this.selection, tools, () => this.selectAll(), () => this.tile && this.go(this.places.get(this.tile.key) ?? 0));
		this.selection.listen("change", () => this.showSelection());
		book.listen("list", () => this.refresh());
		// The window's own scrolling place differs on short windows: `capture` hears whichever it is.
		document.addEventListener("scroll", () => this.onScroll(), { capture: true, passive: true });
		new ResizeObserver(() => this.resize()).observe(element);
		on(element, "keydown", (event) => this.onKey(event));
		on(element, "focusin", (event) => this.onFocus(event));
		element.addEventListener("click", (event) => this.onClick(event));
		whenBack(() => this.views.forEach((view) => view.show(view.tile)));
		every(1, () => this.active && this.views.forEach((view) => view.tick()));
	}

	/** @param {boolean} active */
	show(active) {
		this.active = active;
		this.element.hidden = !active;
		this.tools.show(active);
		if (active) this.refresh();
		else {
			this.selection.setMode(false);
			this.clear();
		}
	}

	/** The job that the keyboard is on. */
	get current() {
		return this.tile?.job.jobId ?? null;
	}

	get tile() {
		return this.key === null ? undefined : this.tiles[this.places.get(this.key) ?? -1];
	}

	/** Take over the book's jobs with the next frame, however many of them change. */
	refresh() {
		if (!this.active) return;
		this.stale = true;
		this.schedule();
	}

	/**
	 * @param {string} key
	 * @param {number} ratio
	 */
	learn(key, ratio) {
		const place = this.places.get(key);
		if (place === undefined || !(ratio > 0)) return;
		this.learned.set(key, ratio);
		if (Math.abs(tileRatio(this.tiles[place], this.learned) - this.ratios[place]) < SAME_RATIO) return;
		this.relearned = true;
		this.schedule();
	}

	resize() {
		if (!this.active || (this.element.clientWidth === this.width && !this.tools.changed())) return;
		this.schedule();
	}

	onScroll() {
		if (!this.active) return;
		this.stuck = false;
		this.schedule();
	}

	schedule() {
		this.frame ||= requestAnimationFrame(() => {
			this.frame = 0;
			if (this.active) this.update();
		});
	}

	update() {
		const { clientWidth } = this.element;
		const resized = clientWidth !== this.width || this.tools.changed();
		if (this.stale || resized || this.relearned) this.arrange(clientWidth, resized);
		this.draw();
		this.readAhead();
	}

	/**
	 * Cut the tiles into rows anew; what is being looked at stays where it is.
	 *
	 * @param {number} width
	 * @param {boolean} resized
	 */
	arrange(width, resized) {
		const anchor = this.anchor();
		// Rows that are being looked at keep their tiles; at the very top, new tiles come into the first row.
		const keep = !resized && (anchor !== null || !this.stale);
		const begun = keep ? this.seen().map(([first]) => first) : [];
		if (this.stale) {
			this.tiles = arrange(tilesOf(this.book.shown()), this.book.filter.collection);
			this.places = new Map(this.tiles.map(({ key }, index) => [key, index]));
			this.selection.renew(new Map([...this.selection.tiles.keys()].map((key) => [key, this.tiles[this.places.get(key) ?? -1]])));
		}
		this.ratios = this.tiles.map((tile) => tileRatio(tile, this.learned));
		this.width = width;
		this.tools.noteShown();
		const target = this.tools.height * (width < SMALL_WINDOW ? SMALLER : 1);
		const starts = new Set(begun.flatMap((key) => this.places.get(key) ?? []));
		this.rows = width ? justify(this.ratios, { width, target, gap: GAP }, starts) : [];
		this.stale = this.relearned = false;
		this.rearranged = true;
		this.drawn = "";
		const last = this.rows.at(-1);
		this.element.style.height = `${last ? last.top + last.height : 0}px`;
		this.element.setAttribute("aria-rowcount", String(this.book.cursor ? -1 : this.rows.length));
		this.hold(anchor);
	}

	/** Return the scrolling element: that of the jobs, or in a short window that of the whole half. */
	get scroller() {
		const half = this.inside.parentElement;
		return half && getComputedStyle(this.inside).overflowY === "visible" ? half : this.inside;
	}

	/** Return the rows that can be seen: the key of the first tile of each, and where it stands in the window. */
	seen() {
		const { top } = this.element.getBoundingClientRect();
		const frame = this.scroller.getBoundingClientRect();
		const [first, end] = rowsBetween(this.rows, frame.top - top, frame.bottom - top);
		// The one after them as well: it ends the last one.
		return this.rows.slice(first, end + 1).map((row) => /** @type {const} */ ([this.tiles[row.first].key, row.top + top]));
	}

	/** Return the first row that can be seen, if some are above it. */
	anchor() {
		return this.scroller.scrollTop > GAP ? (this.seen()[0] ?? null) : null;
	}

	/** @param {readonly [key: string, top: number] | null} anchor */
	hold(anchor) {
		const place = anchor && this.places.get(anchor[0]);
		if (!anchor || place === null || place === undefined) return;
		const now = this.element.getBoundingClientRect().top + this.rows[rowOf(this.rows, place)].top;
		if (Math.abs(now - anchor[1]) >= 1) this.scroller.scrollTop += now - anchor[1];
	}

	/** Bring the rows near the window into the document, and the others out of it. */
	draw() {
		const { top } = this.element.getBoundingClientRect();
		const ahead = innerHeight * AHEAD;
		const [first, end] = rowsBetween(this.rows, -top - ahead, innerHeight - top + ahead);
		const focused = closest(document.activeElement, ".gallery-tile")?.dataset.key;
		const held = focused === undefined ? undefined : this.places.get(focused);
		const drawn = `${first} ${end} ${held}`;
		if (this.drawn === drawn) return;
		this.drawn = drawn;
		const numbers = Array.from({ length: end - first }, (_, index) => first + index);
		const pinned = held === undefined ? first : rowOf(this.rows, held);
		if (pinned < first || pinned >= end) numbers.push(pinned);
		const wanted = new Set();
		const kept = new Set();
		for (const number of numbers) {
			const row = this.rows[number];
			if (!row) continue;
			const keys = this.tiles.slice(row.first, row.first + row.count).map(({ key }) => key);
			wanted.add(keys[0]);
			for (const key of keys) kept.add(key);
			if (this.rearranged || !this.lines.has(keys[0])) this.drawRow(row, number, keys);
		}
		this.rearranged = false;
		for (const [key, line] of this.lines) {
			if (wanted.has(key)) continue;
			line.remove();
			this.lines.delete(key);
		}
		for (const key of this.views.keys()) if (!kept.has(key)) this.views.delete(key);
		this.showStop(this.tiles[this.rows[first]?.first ?? -1]?.key);
		// It may have come into another row, and an element that moves loses the focus.
		if (focused !== undefined && document.activeElement === document.body) this.views.get(focused)?.link.focus({ preventScroll: true });
	}

	/**
	 * @param {Row} row
	 * @param {number} number
	 * @param {string[]} keys
	 */
	drawRow(row, number, keys) {
		let line = this.lines.get(keys[0]);
		if (!line) {
			line = el("div.gallery-row", { role: "row" });
			this.lines.set(keys[0], line);
			this.element.append(line);
		}
		line.setAttribute("aria-rowindex", String(number + 1));
		line.style.transform = `translateY(${row.top}px)`;
		line.style.height = `${row.height}px`;
		const lefts = leftsOf(row, this.ratios, GAP);
		const elements = keys.map((key, index) => {
			const tile = this.tiles[row.first + index];
			const view = this.views.get(key) ?? new TileView(tile, this.host);
			this.views.set(key, view);
			view.update(tile);
			view.place(lefts[index], this.ratios[row.first + index] * row.height);
			view.setSelected(this.selection.has(key));
			return view.element;
		});
		place(line, elements);
	}

	/**
	 * One tile can be reached by Tab: the one that the keyboard was on, or the first.
	 *
	 * @param {string | undefined} first
	 */
	showStop(first) {
		const stop = this.key !== null && this.views.has(this.key) ? this.key : first;
		for (const [key, { link }] of this.views) link.tabIndex = key === stop ? 0 : -1;
	}

	async readAhead() {
		const { book } = this;
		if (!book.cursor || !book.loaded || this.reading || this.stuck) return;
		const { bottom } = this.element.getBoundingClientRect();
		if (bottom > innerHeight * (1 + OLDER_AHEAD)) return;
		this.reading = true;
		const before = book.jobs.size;
		await this.readOlder();
		this.reading = false;
		// A search may read much without finding anything, and the server may be away: then somebody has to want it.
		this.stuck = book.jobs.size === before;
		this.schedule();
	}

	clear() {
		this.element.replaceChildren();
		this.lines.clear();
		this.views.clear();
		this.rows = [];
		this.drawn = "";
		this.width = 0;
	}

	showSelection() {
		this.element.classList.toggle("is-selecting", this.selection.open);
		for (const [key, view] of this.views) view.setSelected(this.selection.has(key));
	}

	/**
	 * @param {Tile} tile
	 * @param {MouseEvent | KeyboardEvent} event
	 */
	select(tile, event) {
		if (event.shiftKey) this.selection.extend(this.tiles, tile);
		else this.selection.toggle(tile);
	}

	/** Whether something is selected, or to be. */
	get open() {
		return this.selection.open;
	}

	toggleCurrent() {
		if (this.tile) this.selection.toggle(this.tile);
	}

	/**
	 * Move to another tile, and select all on the way.
	 *
	 * @param {number} steps
	 */
	extend(steps) {
		for (let moved = false; ; moved = true) {
			if (this.tile && !this.selection.has(this.tile.key)) this.selection.toggle(this.tile);
			if (moved) return;
			this.move(steps);
		}
	}

	/** Select nothing. */
	endSelection() {
		this.selection.setMode(false);
	}

	/** Select every tile, of older jobs as well. */
	async selectAll() {
		let { cursor } = this.book;
		while (cursor && this.selection.open && this.book.shown().length < MOST_SELECTED) {
			await this.readOlder();
			// They could not be read, which has been reported.
			if (this.book.cursor === cursor) break;
			({ cursor } = this.book);
		}
		if (!this.selection.open) return;
		this.update();
		this.selection.addAll(this.tiles);
	}

	/** @param {MouseEvent} event */
	onClick(event) {
		const key = closest(event.target, ".gallery-link")?.parentElement?.dataset.key;
		const tile = key === undefined ? undefined : this.tiles[this.places.get(key) ?? -1];
		if (!tile || event.ctrlKey || event.metaKey || !(this.selection.open || event.shiftKey)) return;
		event.preventDefault();
		this.select(tile, event);
	}

	/** @param {FocusEvent} event */
	onFocus(event) {
		const key = closest(event.target, ".gallery-tile")?.dataset.key;
		if (key === undefined) return;
		this.key = key;
		this.showStop(key);
	}

	/** @param {KeyboardEvent} event */
	onKey(event) {
		const { tile } = this;
		if (!tile || event.ctrlKey || event.metaKey || event.altKey || !closest(event.target, ".gallery-link")) return;
		if (!this.does(event.key, event, tile)) return;
		event.preventDefault();
		event.stopPropagation();
	}

	/**
	 * Do what a key stands for; return whether it stands for anything.
	 *
	 * @param {string} key
	 * @param {KeyboardEvent} event
	 * @param {Tile} tile
	 */
	does(key, event, tile) {
		const at = this.places.get(tile.key) ?? 0;
		if (SHIFTING.has(key)) this.go(towards(this.rows, this.ratios, GAP, at, key));
		else if (key === "Home") this.go(0);
		else if (key === "End") this.go(this.tiles.length - 1);
		else if (key === " ") this.select(tile, event);
		else return false;
		return true;
	}

	/**
	 * Move the focus to a tile, wherever it is.
	 *
	 * @param {number} index
	 */
	go(index) {
		const tile = this.tiles[index];
		const row = this.rows[rowOf(this.rows, index)];
		if (!tile || !row) return;
		this.key = tile.key;
		const { scroller } = this;
		const frame = scroller.getBoundingClientRect();
		const top = this.element.getBoundingClientRect().top + row.top;
		if (top < frame.top) scroller.scrollTop -= frame.top - top + GAP;
		else if (top + row.height > frame.bottom) scroller.scrollTop += top + row.height - frame.bottom + GAP;
		this.draw();
		part(/** @type {TileView} */ (this.views.get(tile.key)).element, ".gallery-link").focus({ preventScroll: true });
	}

	/**
	 * Move by this many tiles; return the job of the one that is reached, or null if there is none.
	 *
	 * @param {number} steps
	 */
	move(steps) {
		const at = this.key === null ? undefined : this.places.get(this.key);
		const next = at === undefined ? (steps > 0 ? 0 : this.tiles.length - 1) : at + steps;
		this.go(Math.min(this.tiles.length - 1, Math.max(0, next)));
		return this.tile?.job ?? null;
	}

	/** @param {string} jobId */
	mark(jobId) {
		if (this.current !== jobId) this.key = this.tiles.find(({ job }) => job.jobId === jobId)?.key ?? this.key;
	}

	/**
	 * Move the focus to a tile of this job, if there is one.
	 *
	 * @param {string} jobId
	 * @param {number} [index] Of the output.
	 */
	focus(jobId, index) {
		const place = index === undefined ? undefined : this.places.get(keyOf({ jobId }, index));
		if (place === undefined) this.mark(jobId);
		if (place !== undefined) this.go(place);
		else if (this.current === jobId && this.key !== null) this.go(this.places.get(this.key) ?? 0);
	}
}
