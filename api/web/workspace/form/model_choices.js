// The list of the model picker: found by words and kind; favourites first, then those used lately, each with its price.

import { button, byId, el, fill, setAttribute } from "../core/dom.js";
import { usd } from "../core/format.js";
import { icon } from "../core/icons.js";
import { CORE } from "../words/core.js";
import { MODELS } from "../words/models.js";
import { favourites, recent, toggleFavourite } from "./model_memory.js";
import { found } from "./model_search.js";
import "./form_styles.js";

/** @import { Model } from "../../types/page.js" */
/** @import { ModelPicker } from "./model_picker.js" */

const MAX_OPTIONS = 100;
const KINDS = /** @type {const} */ ([
	["", CORE.all],
	["image", CORE.images],
	["video", CORE.videos],
	["other", MODELS.other],
]);

export class ModelChoices {
	needle = "";
	kind = "";

	/** @param {ModelPicker} picker */
	constructor(picker) {
		this.picker = picker;
		this.kinds = KINDS.map(([kind, word]) => button(".segment", () => this.showKind(kind), { "data-kind": kind }, word));
		fill(byId("model-kinds"), this.kinds);
	}

	/** @param {string} kind */
	showKind(kind) {
		this.kind = kind;
		this.show(this.needle);
	}

	/** @param {string} needle */
	show(needle) {
		this.needle = needle;
		const { picker } = this;
		for (const one of this.kinds) setAttribute(one, "aria-pressed", one.dataset.kind === this.kind);
		const starred = favourites();
		const sections = found([...picker.models.list.values()], { needle, kind: this.kind, starred, recent: recent() });
		const all = sections.flatMap(({ models }) => models);
		const more = all.length - MAX_OPTIONS;
		const note = !all.length ? MODELS.noMatch : more > 0 ? MODELS.more(more) : null;
		let index = 0;
		const lines = sections.flatMap(({ title, models }) => {
			const shown = models.slice(0, Math.max(0, MAX_OPTIONS - index));
			return [title && shown.length > 0 && el("li.combo-title", { role: "presentation" }, title), ...shown.map((model) => this.option(model, index++, starred.includes(model.model)))];
		});
		fill(picker.list, lines, note && el("li.quiet", note));
	}

	/**
	 * @param {Model} model
	 * @param {number} index
	 * @param {boolean} starred
	 */
	option(model, index, starred) {
		const { picker } = this;
		const chosen = model.model === picker.state.get("model");
		// Not a button, which an option cannot contain: the chosen model's stands beside its field.
		const star = el("span.star", { "data-on": starred, title: starred ? MODELS.removeFavourites : MODELS.addFavourites }, icon("star"));
		return el(
			"li",
			{ role: "option", id: `model-option-${index}`, "data-model": model.model, "aria-selected": chosen },
			icon(model.kind === "video" ? "video" : model.kind === "audio" ? "sound" : "image"),
			el("span.combo-text", el("span", model.label), el("span.quiet", model.model)),
			el("span.combo-price.quiet", model.basePriceUsd === null ? "" : MODELS.from(usd(model.basePriceUsd))),
			star,
		);
	}

	/** @param {string} path */
	star(path) {
		toggleFavourite(path);
		this.show(this.needle);
	}
}
