// The filter's controls, in a sheet beside the search, and a chip for each part that is on.

import { actingFor, caller, may } from "../core/access.js";
import { button, byId, el, fill, on, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { addStyles } from "../core/styles.js";
import { COMMON } from "../words/common.js";
import { FILTERS } from "../words/filters.js";
import { addressOf, KINDS, NO_FILTER, tidyTag, withModel } from "./filter.js";
import { chipsOf } from "./filter_words.js";
import { collectionName } from "../kept/names.js";
import { collections, tagNames } from "../kept/parts.js";
import { COLLECTIONS, TAGS } from "../words/collections.js";
import { OWNER_FILTER } from "../words/queue_control.js";
import { GROUPS } from "./statuses.js";

/** @import { Models } from "../form/models.js" */
/** @import { Filter } from "./filter.js" */
/** @import { JobBook } from "./job_book.js" */

export class FilterBar {
	styled = addStyles("filter.css");
	shown = "";

	/**
	 * @param {object} parts
	 * @param {JobBook} parts.book
	 * @param {Models} parts.models
	 * @param {(wanted: Partial<Filter>) => unknown} parts.select
	 */
	constructor({ book, models, select }) {
		this.book = book;
		this.models = models;
		this.select = select;
		this.opener = byId("filter");
		this.chips = byId("filter-chips");
		this.group = choice(GROUPS.map(({ id, name }) => [id, name]));
		this.kind = choice([["", FILTERS.any], ...Object.entries(KINDS)]);
		this.model = el("input.input", { list: "filter-models", placeholder: FILTERS.modelHint, spellcheck: "false", autocomplete: "off" });
		this.known = el("datalist", { id: "filter-models" });
		this.from = el("input.input", { type: "date", max: "9999-12-31" });
		this.to = el("input.input", { type: "date", max: "9999-12-31" });
		this.least = el("input.input", { inputmode: "decimal", placeholder: "0.00", maxlength: 13, pattern: "\\d{1,6}(\\.\\d{1,6})?" });
		this.most = el("input.input", { inputmode: "decimal", placeholder: "1.00", maxlength: 13, pattern: "\\d{1,6}(\\.\\d{1,6})?" });
		this.tag = el("input.input", { list: "filter-tags", maxlength: 40, spellcheck: "false", autocomplete: "off", autocapitalize: "none" });
		this.tags = el("datalist", { id: "filter-tags" });
		this.collection = choice([["", COLLECTIONS.any]]);
		this.liked = el("input", { type: "checkbox" });
		this.owner = el("select.input");
		this.ownerField = field(OWNER_FILTER.label, this.owner);
		this.ownerField.hidden = true;
		this.sheet = el(
			"div.filter-sheet",
			{ id: "filter-sheet", popover: "auto", role: "group", "aria-label": FILTERS.title },
			this.ownerField,
			field(FILTERS.status, this.group),
			field(FILTERS.kind, this.kind),
			field(COMMON.model, this.model),
			this.known,
			field(COMMON.from, this.from),
			field(FILTERS.until, this.to),
			field(FILTERS.least, this.least),
			field(FILTERS.most, this.most),
			field(TAGS.filter, this.tag),
			this.tags,
			field(COLLECTIONS.filter, this.collection),
			el("label.filter-liked", this.liked, FILTERS.likedOnly),
			el("div.filter-end", button("is-small.is-plain", () => this.clear(), FILTERS.clear), button("is-small", () => this.close(), COMMON.done)),
		);
		this.opener.after(this.sheet);
		setAttribute(this.opener, "aria-controls", this.sheet.id);
		this.listen();
		this.show();
	}

	listen() {
		for (const name of /** @type {const} */ (["group", "kind", "from", "to", "collection"])) on(this[name], "change", () => this.select({ [name]: this[name].value }));
		for (const name of /** @type {const} */ (["least", "most"])) {
			on(this[name], "change", () => {
				const valid = this[name].checkValidity();
				setAttribute(this[name], "aria-invalid", valid ? null : "true");
				if (valid) this.select({ [name]: this[name].value });
			});
		}
		on(this.tag, "change", () => this.select({ tag: tidyTag(this.tag.value) }));
		on(this.owner, "change", () => this.goTo(this.owner.value));
		on(this.liked, "change", () => this.select({ liked: this.liked.checked }));
		// Choosing from the browser's list is an input without a `change`; a typed one is taken when it is finished.
		on(this.model, "input", () => [...this.known.options].some(({ value }) => value === this.model.value) && this.addModel());
		on(this.model, "change", () => this.addModel());
		on(this.sheet, "toggle", () => this.showOpen());
		on(this.sheet, "keydown", (event) => {
			// Beyond this sheet, Escape would close the panel as well.
			if (event.key !== "Escape") return;
			event.stopPropagation();
			event.preventDefault();
			this.close();
		});
		this.book.listen("list", () => this.show());
	}

	addModel() {
		const more = withModel(this.book.filter, this.model.value.trim());
		if (!more) return;
		this.model.value = "";
		this.select(more);
	}

	/**
	 * Show another owner's jobs: the page at its address, with the same filter.
	 *
	 * @param {string} owner
	 */
	goTo(owner) {
		const query = new URLSearchParams(addressOf(this.book.filter, location.search));
		if (owner === caller()?.owner) query.delete("owner");
		else query.set("owner", owner);
		location.assign(`${location.pathname}?${query}`);
	}

	/** Offer the owners to admins, who may see the jobs of each. */
	async showOwners() {
		const found = may("admin") ? await this.book.api.get("/api/owners").catch(() => null) : null;
		const names = found?.items.map(({ name }) => name) ?? [];
		const own = caller()?.owner ?? "";
		this.ownerField.hidden = names.length < 2;
		fill(this.owner, names.map((name) => el("option", { value: name }, name === own ? OWNER_FILTER.own(name) : name)));
		this.owner.value = actingFor() ?? own;
	}

	clear() {
		this.select(NO_FILTER);
	}

	close() {
		this.sheet.hidePopover();
		this.opener.focus();
	}

	async toggle() {
		await this.styled;
		this.showOwners();
		if (this.sheet.matches(":popover-open")) return this.close();
		const models = new Set([...[...this.book.jobs.values()].map(({ model }) => model), ...this.models.list.keys()]);
		fill(this.known, [...models].sort().map((value) => el("option", { value })));
		this.readKept();
		const { bottom, left } = this.opener.getBoundingClientRect();
		this.sheet.style.setProperty("--below", `${bottom}px`);
		this.sheet.style.setProperty("--beside", `${left}px`);
		this.sheet.showPopover();
		this.group.focus();
	}

	/** Offer the tags and collections that there are now. */
	async readKept() {
		const { api } = this.book;
		const [tags, found] = await Promise.all([tagNames(api), collections(api)]).catch(() => [null, null]);
		if (!tags || !found) return;
		fill(this.tags, tags.map((value) => el("option", { value })));
		this.showCollections(found.map(({ collectionId }) => collectionId));
	}

	/** @param {string[]} ids */
	showCollections(ids) {
		const { collection } = this.book.filter;
		const all = collection && !ids.includes(collection) ? [collection, ...ids] : ids;
		fill(this.collection, el("option", { value: "" }, COLLECTIONS.any), all.map((value) => el("option", { value }, collectionName(value))));
		this.collection.value = collection;
	}

	showOpen() {
		setAttribute(this.opener, "aria-expanded", this.sheet.matches(":popover-open"));
	}

	show() {
		const { filter } = this.book;
		if (![...this.collection.options].some(({ value }) => value === filter.collection)) this.showCollections([]);
		for (const name of /** @type {const} */ (["group", "kind", "from", "to", "least", "most", "tag", "collection"])) {
			const control = this[name];
			if (control !== document.activeElement || !isTyped(control)) control.value = filter[name];
		}
		this.liked.checked = filter.liked;
		this.showChips(filter);
	}

	/** @param {Filter} filter */
	showChips(filter) {
		const chips = chipsOf(filter);
		const shown = chips.map(({ words }) => words).join("\n");
		if (shown === this.shown) return;
		this.shown = shown;
		const focused = [...this.chips.children].indexOf(/** @type {Element} */ (document.activeElement));
		this.chips.hidden = chips.length === 0;
		fill(
			this.chips,
			chips.map(({ words, without }) => button(".filter-chip", () => this.select(without), { "aria-label": FILTERS.remove(words) }, el("span", words), icon("cross"))),
			chips.length > 0 && button("is-small.is-plain", () => this.clear(), { "aria-label": FILTERS.clearAll }, FILTERS.clear),
		);
		if (focused < 0) return;
		const next = chips.length ? this.chips.children[Math.min(focused, chips.length - 1)] : this.opener;
		/** @type {HTMLElement} */ (next).focus();
	}
}

/** @param {HTMLInputElement | HTMLSelectElement} control */
function isTyped(control) {
	return control instanceof HTMLInputElement;
}

/** @param {(readonly [value: string, name: string])[]} options */
function choice(options) {
	return el("select.input", options.map(([value, name]) => el("option", { value }, name)));
}

/**
 * @param {string} name
 * @param {HTMLElement} control
 */
function field(name, control) {
	return el("label.filter-field", el("span.label", name), control);
}
