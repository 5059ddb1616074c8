// The model picker: a text box with a list to choose from; any other path is accepted too.

import { byId, closest, el, fill, on, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";

/** @import { Model } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

const MAX_OPTIONS = 100;

export class ModelPicker {
	input = byId("model", HTMLInputElement);
	list = byId("model-list");
	/** Index of the option selected by the arrow keys. */
	active = -1;

	/**
	 * @param {object} parts
	 * @param {Models} parts.models
	 * @param {FormState} parts.state
	 */
	constructor({ models, state }) {
		this.models = models;
		this.state = state;
		on(this.input, "focus", () => this.input.select());
		on(this.input, "click", () => this.open(""));
		on(this.input, "input", () => this.open(this.input.value));
		on(this.input, "keydown", (event) => this.onKey(event));
		on(this.input, "blur", () => this.leave());
		// On mousedown, before the blur: clicking an option must not move the focus first.
		on(this.list, "mousedown", (event) => event.preventDefault());
		on(this.list, "click", (event) => this.choose(closest(event.target, "[role=option]")?.dataset.model));
		state.listen("change", ({ names }) => names.has("model") && this.show());
		models.listen("change", () => this.show());
		this.show();
	}

	show() {
		const path = this.state.get("model");
		const known = this.models.get(path);
		if (document.activeElement !== this.input || this.list.hidden) this.input.value = path;
		const unknown = path && this.models.isUnlisted(path) ? "Not in the list: it gets exactly the input you enter." : "";
		setText(byId("model-note"), known ? `${known.label} · generates ${known.kind === "video" ? "videos" : "images"} · ${picturesOf(known)}` : unknown);
	}

	/** @param {string} needle */
	open(needle) {
		const words = needle.toLowerCase().split(/\s+/).filter(Boolean);
		const found = [...this.models.list.values()].filter((model) => words.every((word) => `${model.label} ${model.model} ${model.kind}`.toLowerCase().includes(word)));
		const more = found.length - MAX_OPTIONS;
		const note = !found.length ? "No known model matches. The path is used as typed." : more > 0 ? `${more} more: type to narrow the list.` : null;
		fill(this.list, found.slice(0, MAX_OPTIONS).map((model, index) => this.option(model, index)), note && el("li.quiet", note));
		this.active = -1;
		this.list.hidden = false;
		this.input.setAttribute("aria-expanded", "true");
	}

	/**
	 * @param {Model} model
	 * @param {number} index
	 */
	option(model, index) {
		const chosen = model.model === this.state.get("model");
		return el(
			"li",
			{ role: "option", id: `model-option-${index}`, "data-model": model.model, "aria-selected": chosen },
			icon(model.kind === "video" ? "video" : "image"),
			el("span.combo-text", el("span", model.label), el("span.quiet", model.model)),
		);
	}

	/** @param {KeyboardEvent} event */
	onKey(event) {
		/** @type {HTMLElement[]} */
		const options = [...this.list.querySelectorAll("[role=option]")].filter((option) => option instanceof HTMLElement);
		if (event.key === "ArrowDown" || event.key === "ArrowUp") {
			event.preventDefault();
			if (this.list.hidden) {
				this.open("");
				return;
			}
			const step = event.key === "ArrowDown" ? 1 : -1;
			this.active = Math.max(0, Math.min(options.length - 1, this.active + step));
			options.forEach((option, index) => option.classList.toggle("is-active", index === this.active));
			options[this.active]?.scrollIntoView({ block: "nearest" });
			this.input.setAttribute("aria-activedescendant", options[this.active]?.id ?? "");
		} else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
			event.preventDefault();
			this.choose(options[this.active]?.dataset.model ?? this.input.value.trim());
		} else if (event.key === "Escape" && !this.list.hidden) {
			event.preventDefault();
			event.stopPropagation();
			this.close();
			this.show();
		}
	}

	/** @param {string | undefined} path */
	choose(path) {
		if (path) this.take(path);
	}

	leave() {
		if (!this.list.hidden) this.take(this.input.value.trim());
	}

	/** @param {string} path */
	take(path) {
		this.close();
		if (path !== this.state.get("model")) this.state.set({ model: path, fields: {} });
		this.show();
	}

	close() {
		this.list.hidden = true;
		this.input.setAttribute("aria-expanded", "false");
		this.input.removeAttribute("aria-activedescendant");
	}
}

/** @param {Model} model */
function picturesOf(model) {
	if (!model.picturesField) return "this model takes no images; only Grok will see them";
	return model.maxPictures > 1 ? `takes up to ${model.maxPictures} images` : "takes one image";
}
