// The inputs that a known model has: its size, seed, duration and whatever its defaults name.

import { byId, el, fill } from "./dom.js";

const WORDS = { size: "Size", seed: "Seed", duration: "Duration (s)", num_images: "Pictures", max_images: "Pictures at most", resolution: "Resolution" };

/** Shows one field per input of the chosen model. */
export class ModelFields {
	constructor({ models, state }) {
		Object.assign(this, { models, state });
		this.element = byId("model-fields");
		state.addEventListener("change", ({ detail }) => {
			if (detail.names.has("model") || (detail.names.has("fields") && detail.by !== "fields")) this.show();
		});
	}

	show() {
		const model = this.models.get(this.state.get("model"));
		fill(this.element, model ? inputsOf(model).map((input) => this.field(input, model)) : []);
		this.element.hidden = !this.element.childElementCount;
	}

	field(name, model) {
		const usual = model.defaults[name];
		const input = el("input", {
			class: "input",
			id: `field-${name}`,
			value: this.state.get("fields")[name] ?? "",
			placeholder: usual === undefined ? PLACEHOLDERS[name] ?? "" : String(usual),
			inputmode: name === "size" || name === "resolution" ? null : "numeric",
			autocomplete: "off",
			list: name === "size" && model.sizes.length ? "sizes" : null,
		});
		input.addEventListener("input", () => this.state.set({ fields: { ...this.state.get("fields"), [name]: input.value.trim() } }, "fields"));
		const sizes = name === "size" && model.sizes.length ? el("datalist", { id: "sizes" }, ...model.sizes.map((size) => el("option", { value: size }))) : null;
		return el("div", { class: "field" }, el("label", { class: "label", for: input.id, text: WORDS[name] ?? name }), input, sizes);
	}
}

const PLACEHOLDERS = { size: "the model's own", seed: "random" };

function inputsOf(model) {
	const names = new Set(Object.keys(model.defaults));
	if (model.sizes.length || model.sideMin) names.add("size");
	if (model.seed) names.add("seed");
	return ["size", ...names].filter((name, index, all) => names.has(name) && all.indexOf(name) === index);
}
