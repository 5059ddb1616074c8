// A collection as a view of the gallery: its bar, its order, and what can be done with the tiles that are selected in it.

import { actingFor, may } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { confirm } from "../core/dialogs.js";
import { button, byId, closest, el, place, setAttribute, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce, notify, reportProblem } from "../core/notices.js";
import { persist } from "../core/persist.js";
import { published } from "../core/published.js";
import { keyOf } from "../viewer/link.js";
import { CORE } from "../words/core.js";
import { COLLECTIONS, deleteCollectionTitle, movedText, outputsText, TAGS, takenOut } from "../words/collections.js";
import { noteOrder, orderNow } from "./arrangement.js";
import { ask } from "./ask.js";
import { AT_ONCE } from "./collections.js";
import { noteName } from "./names.js";
import { changes, page } from "./parts.js";

/** @import { Collection } from "../../types/page.js" */
/** @import { Place } from "./collections.js" */

/** Jobs that are read at once, so that the order is whole; older ones come as somebody scrolls. */
const MOST_READ = 1000;
/** Outputs of a collection. */
const MOST = 10_000;
const SOON_MS = 300;
const CHARACTERS = 100;
/** As `continue/dragging.js` marks what is dragged. */
const TYPE = "application/x-promptmill-output";

export class CollectionView {
	id = "";
	/** @type {Collection | null} */
	collection = null;
	reads = 0;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	waiting;
	title = el("strong.collection-name", { role: "status" });
	figure = el("span.quiet");
	hint = el("span.quiet.collection-hint", COLLECTIONS.hint);
	/** The acts on the collection, and those on tiles that are selected in it. */
	acts = el("span.collection-acts");
	element = el("div.collection-bar", { role: "group", "aria-label": COLLECTIONS.bar, hidden: true }, icon("inbox"), this.title, this.figure, this.hint, el("span.grow"), this.acts);
	download = el("a.button.is-small", { download: "", title: COLLECTIONS.downloadTitle }, icon("download"), COLLECTIONS.download);
	changing = [button("is-small", () => this.rename(), COLLECTIONS.rename), button("is-small", () => this.delete(), COLLECTIONS.delete)];
	leaving = button("is-small.is-plain", () => this.leave(), COLLECTIONS.leave);
	/** @type {HTMLElement | null} */
	over = null;

	constructor() {
		const { book } = page();
		byId("filter-chips").after(this.element);
		book.listen("list", () => this.follow());
		book.listen("change", ({ job, before }) => {
			const elsewhere = this.id && before && job.collections.includes(this.id) !== before.collections.includes(this.id);
			if (elsewhere) this.readSoon();
		});
		changes.listen("collected", (id) => id === this.id && this.readSoon());
		const gallery = byId("gallery");
		// Before `continue/dragging.js`, which keeps what is dragged from everything else.
		window.addEventListener("dragover", (event) => this.drag(event), { capture: true });
		window.addEventListener("drop", (event) => this.drop(event), { capture: true });
		window.addEventListener("dragend", () => this.mark(null), { capture: true });
		gallery.addEventListener("keydown", (event) => this.onKey(event), { capture: true });
		this.follow();
	}

	/** Show the collection that the filter names, or none. */
	follow() {
		const { collection } = page().book.filter;
		if (collection === this.id) return;
		this.id = collection;
		this.collection = null;
		// What is still being read is of another one.
		this.reads += 1;
		this.element.hidden = !collection;
		setText(this.title, "");
		setText(this.figure, "");
		this.offer();
		if (collection) this.read();
	}

	/** Read it once for all jobs that change at the same time. */
	readSoon() {
		clearTimeout(this.waiting);
		this.waiting = setTimeout(() => this.id && this.read(), SOON_MS);
	}

	/** Read the collection and its order, and the jobs of its outputs. */
	async read() {
		const { api, book } = page();
		const { id } = this;
		const latest = ++this.reads;
		const params = { collection_id: id };
		try {
			const found = await persist(() => api.get("/api/collections/{collection_id}", { params }), { wanted: () => latest === this.reads, missed: () => this.title.textContent || setText(this.title, CORE.silent) });
			if (!found || latest !== this.reads) return;
			// All on one page: what somebody moves meanwhile could be missing between two.
			const query = new URLSearchParams({ limit: String(MOST) });
			const outputs = await persist(() => api.get("/api/collections/{collection_id}/outputs", { params, query }), { wanted: () => latest === this.reads });
			if (!outputs) return;
			const keys = outputs.items.map(({ jobId, index }) => keyOf({ jobId }, index));
			if (latest !== this.reads) return;
			this.collection = found;
			noteName(found);
			noteOrder(id, keys);
			this.show();
			book.emitList();
			await this.readJobs(latest);
		} catch (thrown) {
			const problem = asProblem(thrown);
			if (latest !== this.reads) return;
			if (problem.status === 404) this.showMissing();
			else reportProblem(COLLECTIONS.notLoaded, problem);
		}
	}

	/** @param {number} latest */
	async readJobs(latest) {
		const { book } = page();
		while (latest === this.reads && book.filter.collection === this.id && book.loaded && book.cursor && book.shown().length < MOST_READ) {
			const { cursor } = book;
			await book.readOlder();
			if (book.cursor === cursor) return;
		}
	}

	show() {
		const { collection } = this;
		if (!collection) return;
		setText(this.title, collection.name);
		setAttribute(this.title, "title", collection.name);
		setText(this.figure, outputsText(collection.outputs));
		const write = may("jobs:write");
		this.hint.hidden = !write || collection.outputs < 2;
		this.download.href = published(`/api/collections/${collection.collectionId}/archive`);
		this.offer(
			write && this.changing[0],
			// A link cannot name the owner that an admin acts for.
			!actingFor() && collection.outputs > 0 && this.download,
			write && this.changing[1],
			this.leaving,
		);
	}

	/** @param {(Element | false)[]} acts Those that are there stay: it is read again while somebody presses one. */
	offer(...acts) {
		place(this.acts, acts.filter((act) => act !== false));
	}

	/** Say that there is no such collection: it was deleted elsewhere, or the address is wrong. */
	showMissing() {
		this.collection = null;
		setText(this.title, COLLECTIONS.missing);
		setText(this.figure, "");
		this.hint.hidden = true;
		this.offer(this.leaving);
	}

	leave() {
		page().select({ collection: "" });
	}

	async rename() {
		const { api, book } = page();
		const { collection } = this;
		if (!collection) return;
		/** @param {Record<string, string>} values */
		const act = async ({ name }) => {
			this.collection = await api.patch("/api/collections/{collection_id}", { params: { collection_id: collection.collectionId }, body: { name } });
			noteName(this.collection);
			this.show();
			book.emitList();
		};
		const fields = [{ name: "name", label: COLLECTIONS.name, value: collection.name, maxlength: CHARACTERS }];
		await ask({ title: COLLECTIONS.renameTitle, fields, answers: [{ label: COLLECTIONS.renameYes, act }], dismiss: TAGS.cancel });
	}

	async delete() {
		const { collection } = this;
		if (!collection || !(await confirm(deleteCollectionTitle(collection.name), [COLLECTIONS.deleteNote], COLLECTIONS.deleteYes))) return;
		try {
			await page().api.delete("/api/collections/{collection_id}", { params: { collection_id: collection.collectionId } });
			this.leave();
		} catch (thrown) {
			reportProblem(COLLECTIONS.notDeleted, asProblem(thrown));
		}
	}

	/**
	 * Take outputs out of the collection.
	 *
	 * @param {string[]} keys Of tiles.
	 */
	async takeOut(keys) {
		const { api } = page();
		try {
			for (let from = 0; from < keys.length; from += AT_ONCE) {
				await api.patch("/api/collections/{collection_id}", { params: { collection_id: this.id }, body: { remove: keys.slice(from, from + AT_ONCE).map(placeOf) } });
			}
			notify(takenOut(keys.length));
		} catch (thrown) {
			reportProblem(COLLECTIONS.notTaken, asProblem(thrown));
		}
		await this.read();
	}

	/**
	 * Move outputs by one place, all of them together.
	 *
	 * @param {string[]} keys Of tiles.
	 * @param {-1 | 1} steps
	 */
	async shift(keys, steps) {
		const order = orderNow();
		const moving = order.filter((key) => keys.includes(key));
		const rest = order.filter((key) => !keys.includes(key));
		if (!moving.length) return;
		const first = order.slice(0, order.indexOf(moving[0])).length;
		const place = Math.min(rest.length, Math.max(0, first + steps));
		await this.move(moving, rest[place] ?? null);
	}

	/**
	 * Move outputs before another one, or to the end.
	 *
	 * @param {string[]} keys
	 * @param {string | null} before
	 */
	async move(keys, before) {
		const { api, book } = page();
		const rest = orderNow().filter((key) => !keys.includes(key));
		const place = before === null ? rest.length : rest.indexOf(before);
		if (place < 0) return;
		// Shown at once; read again if it was refused.
		noteOrder(this.id, [...rest.slice(0, place), ...keys, ...rest.slice(place)]);
		book.emitList();
		try {
			const body = { outputs: keys.slice(0, AT_ONCE).map(placeOf), before: before === null ? null : placeOf(before) };
			await api.post("/api/collections/{collection_id}/order", { params: { collection_id: this.id }, body });
			announce(movedText(place + 1));
		} catch (thrown) {
			reportProblem(COLLECTIONS.notMoved, asProblem(thrown));
			await this.read();
		}
	}

	/** @param {KeyboardEvent} event */
	onKey(event) {
		const key = closest(event.target, ".gallery-tile")?.dataset.key;
		if (!this.collection || key === undefined || !may("jobs:write") || event.ctrlKey || event.metaKey || event.altKey) return;
		if (event.key !== "<" && event.key !== ">") return;
		event.preventDefault();
		event.stopPropagation();
		this.shift([key], event.key === "<" ? -1 : 1);
	}

	/**
	 * Return the tile that something is dragged over, if it would be ordered there.
	 *
	 * @param {DragEvent} event
	 */
	target(event) {
		if (!this.collection || !may("jobs:write") || !event.dataTransfer?.types.includes(TYPE)) return null;
		return closest(event.target, "#gallery .gallery-tile");
	}

	/** @param {DragEvent} event */
	drag(event) {
		const tile = this.target(event);
		this.mark(tile);
		if (tile) event.preventDefault();
	}

	/** @param {DragEvent} event */
	drop(event) {
		const tile = this.target(event);
		const key = event.dataTransfer?.getData(TYPE) ?? "";
		this.mark(null);
		const onto = tile?.dataset.key;
		if (!tile || !onto || !orderNow().includes(key)) return;
		event.preventDefault();
		event.stopPropagation();
		if (key === onto) return;
		const order = orderNow();
		const { left, width } = tile.getBoundingClientRect();
		const after = event.clientX > left + width / 2;
		const rest = order.filter((one) => one !== key);
		this.move([key], rest[rest.indexOf(onto) + (after ? 1 : 0)] ?? null);
	}

	/** @param {HTMLElement | null} tile */
	mark(tile) {
		if (this.over === tile) return;
		this.over?.classList.remove("is-drop-place");
		tile?.classList.add("is-drop-place");
		this.over = tile;
	}
}

/**
 * Return the output of a tile's key.
 *
 * @param {string} key
 * @returns {Place}
 */
export function placeOf(key) {
	const [jobId, index] = key.split(".");
	return { jobId, index: Number(index) };
}
