// The model picker: a box to type in and a list to choose from; any other path is taken as well.

import { byId, el, fill, setText } from "./dom.js";
import { icon } from "./icons.js";

/** A combobox over the known models; shows the inputs that the chosen one has. */
export class ModelPicker {
	constructor({ models, state }) {
		Object.assign(this, { models, state });
		this.input = byId("model");
		this.list = byId("model-list");
		this.active = -1;
		this.input.addEventListener("focus", () => this.input.select());
		this.input.addEventListener("click", () => this.open(""));
		this.input.addEventListener("input", () => this.open(this.input.value));
		this.input.addEventListener("keydown", (event) => this.onKey(event));
		this.input.addEventListener("blur", () => this.leave());
		// Before the blur: a press on a choice must not take the focus away first.
		this.list.addEventListener("mousedown", (event) => event.preventDefault());
		this.list.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")?.dataset.model));
		state.addEventListener("change", (event) => event.detail.names.has("model") && this.show());
	}

	/** Show the chosen model and its note. */
	show() {
		const path = this.state.get("model");
		const known = this.models.get(path);
		if (document.activeElement !== this.input || this.list.hidden) this.input.value = path;
		setText(byId("model-note"), known ? `${known.label} · makes ${known.kind === "video" ? "videos" : "pictures"} · ${picturesOf(known)}` : path ? "Not in the list: it gets exactly the input you give." : "");
	}

	open(needle) {
		const words = needle.toLowerCase().split(/\s+/).filter(Boolean);
		const found = [...this.models.values()].filter((model) => words.every((word) => `${model.label} ${model.model} ${model.kind}`.toLowerCase().includes(word)));
		fill(this.list, found.map((model, index) => this.option(model, index)));
		if (!found.length) fill(this.list, el("li", { class: "quiet combo-none", text: "No known model. The path is used as you typed it." }));
		this.active = -1;
		this.list.hidden = false;
		this.input.setAttribute("aria-expanded", "true");
	}

	option(model, index) {
		const chosen = model.model === this.state.get("model");
		return el(
			"li",
			{ role: "option", id: `model-option-${index}`, "data-model": model.model, "aria-selected": String(chosen) },
			icon(model.kind === "video" ? "video" : "image"),
			el("span", { class: "combo-text" }, el("span", { text: model.label }), el("span", { class: "quiet", text: model.model })),
		);
	}

	onKey(event) {
		const options = [...this.list.querySelectorAll("[role=option]")];
		if (event.key === "ArrowDown" || event.key === "ArrowUp") {
			event.preventDefault();
			if (this.list.hidden) return this.open("");
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
		return undefined;
	}

	choose(path) {
		if (!path) return;
		this.close();
		this.state.set({ model: path, fields: {} });
		this.show();
	}

	leave() {
		if (this.list.hidden) return;
		this.close();
		const typed = this.input.value.trim();
		if (typed !== this.state.get("model")) this.state.set({ model: typed, fields: {} });
		this.show();
	}

	close() {
		this.list.hidden = true;
		this.input.setAttribute("aria-expanded", "false");
		this.input.removeAttribute("aria-activedescendant");
	}
}

function picturesOf(model) {
	if (!model.picturesField) return "takes no pictures";
	return model.maxPictures > 1 ? `takes up to ${model.maxPictures} pictures` : "takes one picture";
}
