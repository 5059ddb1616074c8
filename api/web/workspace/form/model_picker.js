// The model picker: a text box with a list to choose from; any other path is accepted too. What it lists is loaded on demand.

import { byId, closest, on, setAttribute, setText } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { FORM } from "../words/form.js";

/** @import { Model } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */
/** @import { ModelChoices } from "./model_choices.js" */

const choices = lazy(() => import("./model_choices.js"));
const around = lazy(() => import("./model_extras.js"));

export class ModelPicker {
	input = byId("model", HTMLInputElement);
	place = byId("model-choices");
	list = byId("model-list");
	/** Index of the option selected by the arrow keys. */
	active = -1;
	/** @type {ModelChoices | null} */
	shown = null;

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
		on(this.place, "mousedown", (event) => event.preventDefault());
		on(this.list, "click", (event) => {
			const path = closest(event.target, "[role=option]")?.dataset.model;
			if (path && closest(event.target, ".star")) this.shown?.star(path);
			else this.choose(path);
		});
		const allow = byId("allow-unknown", HTMLInputElement);
		on(allow, "change", () => state.set({ allowUnknown: allow.checked ? state.get("model").trim() : "" }));
		state.listen("change", ({ names }) => (names.has("model") || names.has("alsoOn") || names.has("allowUnknown")) && this.show());
		models.listen("change", () => this.show());
		this.show();
	}

	show() {
		const path = this.state.get("model");
		const known = this.models.get(path);
		if (document.activeElement !== this.input || this.place.hidden) this.input.value = path;
		const unlisted = path !== "" && this.models.isUnlisted(path);
		const unknown = unlisted ? FORM.unlisted : "";
		setText(byId("model-note"), known ? `${known.label} · ${makes(known)} · ${picturesOf(known)}` : unknown);
		byId("unknown-model").hidden = !unlisted;
		byId("allow-unknown", HTMLInputElement).checked = this.state.get("allowUnknown") === path.trim();
		if (this.models.list.size) this.showExtras();
	}

	/** Show the model's variants, and the other models that get the same prompt. */
	async showExtras() {
		(await around())?.showExtras({ models: this.models, state: this.state, take: (path) => this.take(path) });
	}

	/** @param {string} needle */
	async open(needle) {
		this.place.hidden = false;
		this.active = -1;
		setAttribute(this.input, "aria-expanded", true);
		const module = this.shown ? null : await choices();
		if (module) this.shown ??= new module.ModelChoices(this);
		this.shown?.show(needle);
	}

	/** @param {KeyboardEvent} event */
	onKey(event) {
		/** @type {NodeListOf<HTMLElement>} */
		const options = this.list.querySelectorAll("[role=option]");
		if (event.key === "ArrowDown" || event.key === "ArrowUp") {
			event.preventDefault();
			if (this.place.hidden) {
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
		} else if (event.key === "Escape" && !this.place.hidden) {
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
		if (!this.place.hidden) this.take(this.input.value.trim());
	}

	/** @param {string} path */
	take(path) {
		this.close();
		if (path !== this.state.get("model")) this.state.set({ model: path, fields: {}, alsoOn: this.state.get("alsoOn").filter((one) => one !== path) });
		this.show();
	}

	close() {
		this.place.hidden = true;
		setAttribute(this.input, "aria-expanded", false);
		this.input.removeAttribute("aria-activedescendant");
	}
}

/** @param {Model} model */
function makes({ kind }) {
	return kind === "image" ? FORM.makesImages : kind === "video" ? FORM.makesVideos : FORM.makes(kind);
}

/** @param {Model} model */
function picturesOf(model) {
	if (!model.picturesField) return FORM.takesNoImages;
	return model.maxPictures > 1 ? FORM.takesImages(model.maxPictures) : FORM.takesImage;
}
