// What stands in the form. It survives a reload; a damaged memory is an empty form.

import { on } from "./dom.js";

const MEMORY = "promptmill.form";

const EMPTY = {
	model: "bytedance/seedream-v4",
	fields: {},
	targetUrl: "",
	refUrls: [],
	prompt: "",
	instructions: "",
	writer: "me",
	operation: "",
	onPromptFailure: "fail",
	priority: 5,
	rawInput: "",
	deadlineSeconds: "",
	metadata: "",
	promptJob: null,
	generate: null,
};

// The form's values. Event `change` (detail: the set of changed names) after each change.
export class FormState extends EventTarget {
	constructor() {
		super();
		this.values = { ...EMPTY, ...remembered() };
		on(window, "pagehide", () => this.remember());
	}

	get(name) {
		return this.values[name];
	}

	// Change values; `by` names the part that did, so that it need not show its own change.
	set(changes, by = null) {
		const names = Object.keys(changes).filter((name) => this.values[name] !== changes[name]);
		if (!names.length) return;
		Object.assign(this.values, changes);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.remember(), 150);
		this.dispatchEvent(new CustomEvent("change", { detail: { names: new Set(names), by } }));
	}

	clear(values = { model: this.values.model }) {
		this.set({ ...EMPTY, fields: {}, refUrls: [], ...values });
	}

	remember() {
		try {
			localStorage.setItem(MEMORY, JSON.stringify(this.values));
		} catch {
			// A full or forbidden memory costs the survival of a reload and nothing else.
		}
	}
}

function remembered() {
	try {
		const found = JSON.parse(localStorage.getItem(MEMORY) ?? "{}");
		return Object.fromEntries(Object.entries(found).filter(([name, value]) => name in EMPTY && fits(value, EMPTY[name])));
	} catch {
		return {};
	}
}

function fits(value, usual) {
	if (usual === null) return value === null || typeof value === "object";
	return typeof value === typeof usual && Array.isArray(value) === Array.isArray(usual) && Object.values(value ?? [0]).every((part) => typeof part === "string");
}
